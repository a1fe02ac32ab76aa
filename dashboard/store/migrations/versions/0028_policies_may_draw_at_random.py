"""Policies may draw at random

An older release that serves meanwhile writes the words that it knows, and this one offers no others.
"""

from alembic import op

revision = "0028"
down_revision = "0027"

NAME = "ck_assignment_policies_assignment_order"


def upgrade() -> None:
    op.execute(
        f"ALTER TABLE assignment_policies DROP CONSTRAINT {NAME}, ADD CONSTRAINT {NAME}"
        " CHECK (assignment_order IN ('round_robin', 'balanced', 'random'))"
    )
