"""Inboxes chosen later

An older release that serves meanwhile sets no instant, so that nothing is held there.
"""

from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.execute("ALTER TABLE connected_inboxes ADD COLUMN unread_since timestamptz")
