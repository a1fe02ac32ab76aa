"""Conversations come back from agents who do not answer

Every column begins with the value that changes nothing, and an older release that serves meanwhile writes that value.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dashboard.store.migrations.taking import take

revision = "0038"
down_revision = "0037"

UNREPLIED = "status = 'open' AND assignee_id IS NOT NULL AND (replied_at IS NULL OR replied_at < assigned_at)"
RETURNING = "return_after IS NOT NULL OR return_when_absent IS NOT NULL"


def upgrade() -> None:
    take("assignment_policies", "conversations")
    op.execute("SET LOCAL statement_timeout = 0")
    for name in ("return_after", "return_when_absent"):
        op.add_column("assignment_policies", sa.Column(name, sa.BigInteger(), nullable=True))
    _always("assignment_policies", "return_by_hand_too", sa.Boolean(), sa.text("false"))
    _always("assignment_policies", "max_returns", sa.BigInteger(), "3")
    _always("conversations", "returns", sa.BigInteger(), "0")
    _always("conversations", "returned_from", postgresql.ARRAY(sa.BigInteger()), "{}")
    _always("conversations", "returned_ats", postgresql.ARRAY(sa.DateTime(timezone=True)), "{}")
    op.create_index(
        "ix_conversations_unreplied",
        "conversations",
        ["inbox_id", "assigned_at", "id"],
        postgresql_where=sa.text(UNREPLIED),
    )
    op.create_index(
        "ix_assignment_policies_returning", "assignment_policies", ["id"], postgresql_where=sa.text(RETURNING)
    )


def _always(table: str, name: str, kind: sa.types.TypeEngine[object], default: object) -> None:
    op.add_column(table, sa.Column(name, kind, server_default=default, nullable=False))
