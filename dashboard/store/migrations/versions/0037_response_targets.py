"""Response targets

A trigger keeps the instant by which each waiting conversation should be assigned, so that every writer keeps it true,
also an older release that serves meanwhile. It counts without business hours, which the program counts next. Changed
rules write the inbox into a table of renewals, from which a job renews it in batches.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dashboard.store.migrations.taking import take

revision = "0037"
down_revision = "0036"

TABLES = (
    "accounts",
    "assignment_policies",
    "assignments",
    "conversations",
    "inbox_assignment_policies",
    "inbox_days",
    "inbox_hours",
    "inboxes",
)
INSTANT = sa.DateTime(timezone=True)
WAITS = "status = 'open' AND assignee_id IS NULL"
PRIORITY = "ck_assignment_policies_conversation_priority"
# The one place that knows where an inbox's targets are.
TARGET = """
CREATE FUNCTION target_minutes(of_inbox bigint, of_priority bigint) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CAST(p.response_targets ->> coalesce(CAST(of_priority AS text), 'none') AS integer)
  FROM inbox_assignment_policies l JOIN assignment_policies p ON p.id = l.assignment_policy_id
  WHERE l.inbox_id = of_inbox
$$
"""
SET_DUE_AT = """
CREATE FUNCTION set_due_at() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE minutes integer;
BEGIN
  NEW.due_at := NULL;
  NEW.due_is_rough := false;
  IF NEW.waiting_since IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.respond_by IS NOT NULL THEN
    NEW.due_at := NEW.respond_by;
    RETURN NEW;
  END IF;
  minutes := target_minutes(NEW.inbox_id, NEW.priority);
  IF minutes IS NOT NULL THEN
    NEW.due_at := NEW.waiting_since + make_interval(mins => minutes);
    NEW.due_is_rough := EXISTS (SELECT FROM inboxes i WHERE i.id = NEW.inbox_id AND i.business_hours IS NOT NULL);
  END IF;
  RETURN NEW;
END $$
"""
ON_INSERT = """
CREATE TRIGGER set_due_at_on_insert BEFORE INSERT ON conversations FOR EACH ROW
WHEN (NEW.waiting_since IS NOT NULL) EXECUTE FUNCTION set_due_at()
"""
# A conversation without target that is assigned does not enter the function.
ON_UPDATE = """
CREATE TRIGGER set_due_at_on_update
BEFORE UPDATE OF waiting_since, inbox_id, priority, respond_by, due_is_rough ON conversations FOR EACH ROW
WHEN (
  NEW.due_is_rough OR (NEW.waiting_since IS NULL AND NEW.due_at IS NOT NULL)
  OR (NEW.waiting_since IS NOT NULL AND (
    NEW.waiting_since IS DISTINCT FROM OLD.waiting_since OR NEW.inbox_id IS DISTINCT FROM OLD.inbox_id
    OR NEW.priority IS DISTINCT FROM OLD.priority OR NEW.respond_by IS DISTINCT FROM OLD.respond_by
  ))
)
EXECUTE FUNCTION set_due_at()
"""
# A deleted inbox or account takes its links with it, and is renewed no more.
RENEW = """
CREATE FUNCTION renew_due_instants(ids bigint[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO due_renewals (account_id, inbox_id, asked_at)
  SELECT i.account_id, i.id, now() FROM inboxes i JOIN accounts a ON a.id = i.account_id
  WHERE i.id = ANY(ids) ORDER BY i.id
  ON CONFLICT (inbox_id) DO UPDATE SET asked_at = excluded.asked_at, round = 0, after_id = 0
$$
"""
# Without targets before and after, nothing is renewed.
LINK_CHANGES = """
CREATE FUNCTION renew_due_instants_of_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE inbox bigint := coalesce(NEW.inbox_id, OLD.inbox_id);
BEGIN
  IF EXISTS (
    SELECT FROM assignment_policies p WHERE p.id = NEW.assignment_policy_id AND p.response_targets IS NOT NULL
  ) OR EXISTS (
    SELECT FROM conversations c
    WHERE c.inbox_id = inbox AND c.status = 'open' AND c.assignee_id IS NULL AND c.due_at IS NOT NULL
  ) THEN
    PERFORM renew_due_instants(ARRAY[inbox]);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER renew_due_instants AFTER INSERT OR UPDATE OR DELETE ON inbox_assignment_policies
FOR EACH ROW EXECUTE FUNCTION renew_due_instants_of_link()
"""
TARGETS_CHANGE = """
CREATE FUNCTION renew_due_instants_of_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM renew_due_instants(
    ARRAY(SELECT l.inbox_id FROM inbox_assignment_policies l WHERE l.assignment_policy_id = NEW.id)
  );
  RETURN NULL;
END $$;
CREATE TRIGGER renew_due_instants AFTER UPDATE OF response_targets ON assignment_policies FOR EACH ROW
WHEN (NEW.response_targets IS DISTINCT FROM OLD.response_targets) EXECUTE FUNCTION renew_due_instants_of_policy()
"""
HOURS_CHANGE = """
CREATE FUNCTION renew_due_instants_of_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM conversations c
    WHERE c.inbox_id = NEW.id AND c.status = 'open' AND c.assignee_id IS NULL AND c.due_at IS NOT NULL
  ) THEN
    PERFORM renew_due_instants(ARRAY[NEW.id]);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER renew_due_instants AFTER UPDATE OF business_hours ON inboxes FOR EACH ROW
WHEN (NEW.business_hours IS DISTINCT FROM OLD.business_hours) EXECUTE FUNCTION renew_due_instants_of_inbox()
"""


def upgrade() -> None:
    take(*TABLES)
    op.execute("SET LOCAL statement_timeout = 0")
    _add_columns()
    _create_renewals()
    _create_indexes()
    for statement in (TARGET, SET_DUE_AT, ON_INSERT, ON_UPDATE, RENEW, LINK_CHANGES, TARGETS_CHANGE, HOURS_CHANGE):
        op.execute(statement)


def _add_columns() -> None:
    op.add_column("assignment_policies", sa.Column("response_targets", postgresql.JSONB(), nullable=True))
    op.add_column("assignments", sa.Column("due_at", INSTANT, nullable=True))
    for name in ("respond_by", "due_at"):
        op.add_column("conversations", sa.Column(name, INSTANT, nullable=True))
    op.add_column(
        "conversations", sa.Column("due_is_rough", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    for table in ("inbox_hours", "inbox_days"):
        for name in ("due", "met"):
            op.add_column(table, sa.Column(name, sa.Integer(), server_default="0", nullable=False))
    words = "'earliest_created', 'longest_waiting', 'soonest_due'"
    op.execute(
        f"ALTER TABLE assignment_policies DROP CONSTRAINT {PRIORITY},"
        f" ADD CONSTRAINT {PRIORITY} CHECK (conversation_priority IN ({words})) NOT VALID"
    )
    readable = "respond_by BETWEEN '0002-01-01+00' AND '9998-12-31+00'"
    op.execute(
        f"ALTER TABLE conversations ADD CONSTRAINT ck_conversations_respond_by_readable CHECK ({readable}) NOT VALID,"
        " ADD CONSTRAINT ck_conversations_due_at_when_waiting"
        " CHECK (due_at IS NULL OR waiting_since IS NOT NULL) NOT VALID"
    )


def _create_renewals() -> None:
    op.create_table(
        "due_renewals",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("after_id", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_due_renewals_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["account_id", "inbox_id"],
            ["inboxes.account_id", "inboxes.id"],
            name=op.f("fk_due_renewals_account_id_inbox_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_due_renewals")),
    )


def _create_indexes() -> None:
    op.create_index(
        "ix_conversations_waiting_by_due",
        "conversations",
        ["inbox_id", "due_at", "waiting_since", "id"],
        postgresql_where=sa.text(WAITS),
    )
    op.create_index(
        "ix_conversations_due_is_rough",
        "conversations",
        ["id"],
        postgresql_where=sa.text(f"{WAITS} AND due_is_rough"),
    )
    op.create_index(
        "ix_assignments_due",
        "assignments",
        ["inbox_id", "at"],
        postgresql_include=["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL AND agent_id IS NOT NULL"),
    )
