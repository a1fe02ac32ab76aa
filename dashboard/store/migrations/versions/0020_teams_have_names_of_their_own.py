"""Teams have names of their own"""

from dashboard.store.migrations.doubles import make_unique

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    make_unique("teams", "name", compared="name")
