"""Inboxes have hours"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("inboxes", sa.Column("business_hours", JSONB(), nullable=True))
