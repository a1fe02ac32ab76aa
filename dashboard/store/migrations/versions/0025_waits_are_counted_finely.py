"""Waits are counted finely

An older release goes on reading and writing beside it: its rows have nulls here, and the counts that it reads stay.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    for table in ("inbox_hours", "inbox_days"):
        for name in ("shortest", "longest"):
            op.add_column(table, sa.Column(name, sa.Double(), nullable=True))
        op.add_column(table, sa.Column("counts", postgresql.ARRAY(sa.Integer()), nullable=True))
    for name in ("median", "ninetieth"):
        op.add_column("inbox_hours", sa.Column(name, sa.Double(), nullable=True))
