"""Inboxes have names of their own"""

from dashboard.store.migrations.doubles import make_unique

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    make_unique("inboxes", "name", compared="name")
