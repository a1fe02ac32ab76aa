"""Deliveries come in order"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

DUE = "ix_webhook_deliveries_due"
PENDING = sa.text("status = 'pending'")


def upgrade() -> None:
    op.drop_index(DUE, "webhook_deliveries")
    columns = ["webhook_id", "next_attempt_at", "event_id"]
    op.create_index(DUE, "webhook_deliveries", columns, postgresql_where=PENDING)
