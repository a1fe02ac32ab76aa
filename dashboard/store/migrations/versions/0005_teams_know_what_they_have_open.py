"""Teams know what they have open"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

OF_TEAM = sa.text("status = 'open' AND team_id IS NOT NULL")


def upgrade() -> None:
    columns = ["team_id", "inbox_id", "assignee_id"]
    op.create_index("ix_conversations_of_team", "conversations", columns, postgresql_where=OF_TEAM)
