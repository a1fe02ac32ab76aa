"""Inboxes have days"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "inbox_days",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("waits", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_inbox_days_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_inbox_days_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_days")),
    )
    op.create_index("ix_inbox_days_inbox", "inbox_days", ["account_id", "inbox_id", "day"])
    # What was summed has no such days: the job that sums begins again.
    for table in ("inbox_hours", "agent_days", "summed_until"):
        op.execute(f"DELETE FROM {table}")
