"""Changes of conversations are recorded

A new table. An older release that serves meanwhile writes no rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dashboard.store.migrations.taking import take

revision = "0042"
down_revision = "0041"

FIELDS = ("status", "inbox", "team", "labels", "priority", "skills", "awaiting")


def upgrade() -> None:
    take("accounts", "conversations")
    op.create_table(
        "conversation_changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "what",
            sa.Enum(*FIELDS, name="what", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("before", postgresql.JSONB(), nullable=True),
        sa.Column("after", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name="fk_conversation_changes_account_id_conversation_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_conversation_changes_account_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("conversation_id", "id", name="pk_conversation_changes"),
    )
    op.create_index("ix_conversation_changes_at", "conversation_changes", ["at"], postgresql_using="brin")
