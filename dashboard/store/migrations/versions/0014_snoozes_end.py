"""Snoozes end"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    ends = sa.text("status = 'snoozed' AND snoozed_until IS NOT NULL")
    op.create_index("ix_conversations_snoozed_until", "conversations", ["snoozed_until"], postgresql_where=ends)
