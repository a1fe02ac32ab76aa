"""An inbox may have values of its own for some fields of its policy

A link begins without any, and an older release that serves meanwhile writes none.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    overrides = sa.Column("overrides", postgresql.JSONB(), server_default="{}", nullable=False)
    op.add_column("inbox_assignment_policies", overrides)
