"""A table that nobody reads goes

In a transaction of its own, and accounts before it: to take its foreign key away takes them, who are read by everybody,
and whoever waits for them must not be waited for.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE")
    op.drop_table("counted_before")
