"""Settings and the audit log are read"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NEWEST = (sa.text("at DESC"), sa.text("id DESC"))


def upgrade() -> None:
    op.create_index("ix_audit_entries_newest", "audit_entries", ["account_id", *NEWEST])
    op.create_index("ix_audit_entries_by_subject", "audit_entries", ["account_id", "subject", *NEWEST])
    op.create_index("ix_audit_entries_by_actor", "audit_entries", ["account_id", "actor_id", *NEWEST])
    op.create_index(
        "ix_webhook_deliveries_undelivered",
        "webhook_deliveries",
        ["webhook_id", "status", sa.text("event_id DESC")],
        postgresql_where=sa.text("status <> 'delivered'"),
    )
    op.create_index(
        "ix_conversations_labelled",
        "conversations",
        ["account_id"],
        postgresql_where=sa.text("status = 'open' AND labels <> '{}'"),
    )
