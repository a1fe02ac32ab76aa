"""Releases by hand are remembered"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("conversations", sa.Column("had_by_id", sa.BigInteger(), nullable=True))
