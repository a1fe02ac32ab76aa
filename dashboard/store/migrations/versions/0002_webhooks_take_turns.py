"""Webhooks take turns"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

PENDING = sa.text("status = 'pending'")
NOT_DISPATCHED = sa.text("dispatched_at IS NULL")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("held_until", INSTANT, nullable=True))
    op.add_column("webhooks", sa.Column("paused_until", INSTANT, nullable=True))
    op.add_column("webhooks", sa.Column("silences", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("webhook_deliveries", sa.Column("give_up_at", INSTANT, nullable=True))
    op.execute("UPDATE webhook_deliveries SET give_up_at = created_at + interval '24 hours'")
    op.alter_column("webhook_deliveries", "give_up_at", nullable=False)
    op.drop_index("ix_webhook_deliveries_due", "webhook_deliveries")
    op.drop_index("ix_webhook_deliveries_order", "webhook_deliveries")
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["webhook_id", "next_attempt_at"], postgresql_where=PENDING
    )
    op.create_index(
        "ix_webhook_deliveries_order",
        "webhook_deliveries",
        ["webhook_id", "conversation_id", "event_id"],
        postgresql_where=PENDING,
    )
    op.create_index("ix_webhook_deliveries_event_id", "webhook_deliveries", ["event_id"])
    op.drop_index("ix_outbox_events_pending", "outbox_events")
    op.create_index("ix_outbox_events_pending", "outbox_events", ["id"], postgresql_where=NOT_DISPATCHED)
