"""Memberships have log-ins

A log-in keeps the membership of the account that was the first to have it, and those of accounts that its person
founded: these were made at the same instant as their account. Every other account has added the address without a word
from the person: that membership gets a log-in of its own, without a password, and waits for an invitation.

An older release goes on beside it: it reads and changes a log-in under the agent's id, as before, and a trigger
completes the memberships that it makes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

ADDED_BY_OTHERS = """
UPDATE account_users m
SET log_in_id = nextval(pg_get_serial_sequence('users', 'id')), session_epoch = u.session_epoch + 1
FROM users u, accounts a
WHERE u.id = m.user_id AND a.id = m.account_id AND m.created_at <> a.created_at AND EXISTS (
  SELECT FROM account_users earlier
  WHERE earlier.user_id = m.user_id AND (earlier.created_at, earlier.account_id) < (m.created_at, m.account_id)
)"""
COMPLETE = """
CREATE FUNCTION complete_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.email := coalesce(NEW.email, (SELECT email FROM users WHERE id = NEW.user_id));
  IF NEW.log_in_id IS NULL AND EXISTS (SELECT FROM account_users WHERE log_in_id = NEW.user_id) THEN
    INSERT INTO users DEFAULT VALUES RETURNING id INTO NEW.log_in_id;
  END IF;
  NEW.log_in_id := coalesce(NEW.log_in_id, NEW.user_id);
  RETURN NEW;
END $$"""


def upgrade() -> None:
    op.execute("LOCK TABLE account_users IN ACCESS EXCLUSIVE MODE")
    op.add_column("account_users", sa.Column("email", sa.Text(), nullable=True))
    op.add_column("account_users", sa.Column("log_in_id", sa.BigInteger(), nullable=True))
    op.add_column("account_users", sa.Column("session_epoch", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE account_users m SET email = u.email FROM users u WHERE u.id = m.user_id")
    op.execute(ADDED_BY_OTHERS)
    op.execute("INSERT INTO users (id) SELECT log_in_id FROM account_users WHERE log_in_id IS NOT NULL")
    op.execute("UPDATE account_users SET log_in_id = user_id WHERE log_in_id IS NULL")
    op.alter_column("account_users", "email", nullable=False)
    op.alter_column("account_users", "log_in_id", nullable=False)
    op.create_check_constraint(op.f("ck_account_users_email_lower"), "account_users", "email = lower(email)")
    op.create_unique_constraint(op.f("uq_account_users_email_account_id"), "account_users", ["email", "account_id"])
    op.create_index(op.f("ix_account_users_log_in_id"), "account_users", ["log_in_id"], unique=False)
    op.execute(COMPLETE)
    op.execute(
        "CREATE TRIGGER complete_membership BEFORE INSERT ON account_users FOR EACH ROW"
        " EXECUTE FUNCTION complete_membership()"
    )
