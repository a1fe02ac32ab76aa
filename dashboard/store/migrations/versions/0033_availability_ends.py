"""Availability ends"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("account_users", sa.Column("availability_until", sa.DateTime(timezone=True), nullable=True))
    ends = sa.text("availability_until IS NOT NULL")
    op.create_index(
        "ix_account_users_availability_until", "account_users", ["availability_until"], postgresql_where=ends
    )
