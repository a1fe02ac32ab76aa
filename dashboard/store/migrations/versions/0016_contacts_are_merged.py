"""Contacts are merged"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("merged_into_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_contacts_account_id_merged_into_id"),
        "contacts",
        "contacts",
        ["account_id", "merged_into_id"],
        ["account_id", "id"],
        ondelete="RESTRICT",
    )
