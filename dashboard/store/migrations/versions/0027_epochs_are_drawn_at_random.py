"""Epochs are drawn at random

A restored backup hands ids out again: with epochs that count, the cookie of one log-in opened that of another person.
Those that are there stay as they are, so nobody is logged out; an older release adds 1 to one as before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    drawn = sa.text("((random() * (999999999999.0)::double precision))::bigint")
    op.alter_column("users", "session_epoch", server_default=drawn)
