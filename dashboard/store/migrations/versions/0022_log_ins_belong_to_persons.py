"""Log-ins belong to persons

Nobody knows whether a password that was set before is its person's own choice: it opens what it opened, and nothing is
added to it before the person chooses another.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("users", sa.Column("used_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("users", "email", nullable=True)
    op.execute("UPDATE users SET used_at = now() WHERE password_hash IS NOT NULL")
