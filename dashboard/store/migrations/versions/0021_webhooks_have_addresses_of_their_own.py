"""Webhooks have addresses of their own, compared by digest: an index entry holds no 2,000 characters"""

from dashboard.store.migrations.doubles import make_unique

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    make_unique("webhooks", "url", compared="md5(url)")
