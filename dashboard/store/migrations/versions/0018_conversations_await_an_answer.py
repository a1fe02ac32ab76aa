"""Conversations await an answer

A conversation begins with the customer; of those that are there nobody knows who wrote last. The check needs no look
at them, and the older release, which knows no such column, writes what new ones begin with.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("awaiting", sa.String(40), nullable=True))
    op.alter_column("conversations", "awaiting", server_default="agent")
    op.execute(
        "ALTER TABLE conversations ADD CONSTRAINT ck_conversations_awaiting"
        " CHECK (awaiting IN ('agent', 'customer')) NOT VALID"
    )
    unanswered = sa.text("status = 'open' AND assignee_id IS NOT NULL AND awaiting = 'agent'")
    op.create_index(
        "ix_conversations_unanswered",
        "conversations",
        ["account_id", "assignee_id", "inbox_id", "team_id"],
        postgresql_where=unanswered,
    )
