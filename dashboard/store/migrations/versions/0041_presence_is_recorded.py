"""Presence is recorded

A new table. An older release that serves meanwhile writes no rows; a regular look adds what is missing.
"""

import sqlalchemy as sa
from alembic import op

from dashboard.store.migrations.taking import take

revision = "0041"
down_revision = "0040"

PRESENCES = ("online", "busy", "offline", "away", "away_manual", "away_and_reassigning")
CAUSES = ("by_hand", "idle", "heartbeat", "lapsed", "scheduled", "deactivated")
WORD = {"native_enum": False, "create_constraint": True, "length": 40}


def upgrade() -> None:
    take("account_users", "accounts")
    op.create_table(
        "presence_changes",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("presence", sa.Enum(*PRESENCES, name="presence", **WORD), nullable=False),
        sa.Column("cause", sa.Enum(*CAUSES, name="cause", **WORD), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "agent_id"],
            ["account_users.account_id", "account_users.user_id"],
            name="fk_presence_changes_account_id_agent_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_presence_changes_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "agent_id", "at", name="pk_presence_changes"),
    )
    op.create_index(
        "uq_presence_changes_last",
        "presence_changes",
        ["account_id", "agent_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index(
        "ix_presence_changes_until", "presence_changes", ["until"], postgresql_where=sa.text("until IS NOT NULL")
    )
