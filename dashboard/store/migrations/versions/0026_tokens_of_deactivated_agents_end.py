"""Tokens of deactivated agents end

They opened nothing while their agent was deactivated, and would have opened it again with a reactivation. A token that
an older release leaves meanwhile ends when its agent is reactivated.
"""

from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute(
        "UPDATE api_tokens t SET revoked_at = now() FROM account_users u"
        " WHERE u.account_id = t.account_id AND u.user_id = t.user_id AND NOT u.active AND t.revoked_at IS NULL"
    )
