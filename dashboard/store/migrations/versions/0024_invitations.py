"""Invitations

With the foreign key of memberships to their log-ins. It takes three tables from writers; whoever writes to them in
another order would wait for ever, so each is waited for shortly, and all are given back before the next attempt.
"""

import time

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError

revision = "0024"
down_revision = "0023"

ATTEMPTS = 100
PAUSE_SECONDS = 0.1


def upgrade() -> None:
    take_tables()
    op.create_foreign_key(op.f("fk_account_users_log_in_id"), "account_users", "users", ["log_in_id"], ["id"])
    op.create_table(
        "invitations",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_invitations_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["account_users.account_id", "account_users.user_id"],
            name=op.f("fk_invitations_account_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "user_id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
    )


def take_tables() -> None:
    """Take the tables from writers all at once, or none of them."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with op.get_bind().begin_nested():
                # Shorter than Postgres takes to call it a deadlock and end somebody else's transaction.
                op.execute("SET LOCAL lock_timeout = '500ms'")
                op.execute("LOCK TABLE users, account_users, accounts IN SHARE ROW EXCLUSIVE MODE")
        except OperationalError:
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
