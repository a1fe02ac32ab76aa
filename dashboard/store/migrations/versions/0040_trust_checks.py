"""Checks of the simulator"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "simulator_checks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("cases", postgresql.JSONB(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_simulator_checks"),
    )
    op.create_index(
        "uq_simulator_checks_under_way",
        "simulator_checks",
        [sa.text("(finished_at IS NULL)")],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
