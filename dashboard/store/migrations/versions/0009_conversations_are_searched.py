"""Conversations are searched"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _words("ix_conversations_subject", "conversations", "subject")
    _words("ix_contacts_name", "contacts", "name")
    lowered = sa.func.lower(sa.literal_column("identifier")).label("lowered")
    ops = {"lowered": "text_pattern_ops"}
    op.create_index("ix_contacts_identifier", "contacts", ["account_id", lowered], postgresql_ops=ops)
    op.create_index("ix_conversations_contact", "conversations", ["contact_id"])


def _words(index: str, table: str, column: str) -> None:
    words = sa.text(f"to_tsvector('simple', coalesce({column}, ''))")
    op.create_index(index, table, [words], postgresql_using="gin")
