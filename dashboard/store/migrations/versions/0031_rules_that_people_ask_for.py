"""Rules that people ask for: skills, pace, overflow, the contact's agent, weights

Every column begins with the value that changes nothing, and an older release that serves meanwhile writes that value.
A trigger joins the skills that a conversation requires, itself and by its labels, so that every writer keeps them true.
Checks of words need no look at existing rows.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dashboard.store.migrations.taking import take

revision = "0031"
down_revision = "0030"

TABLES = (
    "accounts",
    "account_users",
    "agent_capacity_policies",
    "assignment_policies",
    "assignments",
    "conversations",
    "inbox_members",
    "inboxes",
    "team_members",
    "teams",
)
TEXTS = postgresql.ARRAY(sa.Text())
INSTANT, NUMBER, JSON = sa.DateTime(timezone=True), sa.BigInteger(), postgresql.JSONB()
NULLABLE = {
    "assignment_policies": {
        "relax_skills_after": NUMBER,
        "overflow_team_id": NUMBER,
        "overflow_after": NUMBER,
        "prefer_last_agent": NUMBER,
        "pace_seconds": NUMBER,
    },
    "assignments": {"via": sa.String(40)},
    "conversations": {
        "first_reply_at": INSTANT,
        "replied_at": INSTANT,
        "overflow_team_id": NUMBER,
    },
}
ALWAYS = {
    "accounts": {"skill_labels": (JSON, "{}"), "skill_label_keys": (JSON, "{}")},
    "account_users": {"skills": (TEXTS, "{}")},
    "agent_capacity_policies": {"count_only_unanswered": (sa.Boolean(), sa.text("false"))},
    "assignments": {"skills_relaxed": (sa.Boolean(), sa.text("false"))},
    "conversations": {
        "required_skills": (TEXTS, "{}"),
        "required_keys": (TEXTS, "{}"),
        "skill_key": (sa.Text(), ""),
    },
    "inbox_members": {"auto_assign": (sa.Boolean(), sa.text("true"))},
    "inboxes": {"weight": (NUMBER, "1")},
    "team_members": {"auto_assign": (sa.Boolean(), sa.text("true"))},
}
# Names come folded from the program, which folds by Unicode whatever the database's locale is.
SET_SKILL_KEY = """
CREATE FUNCTION set_skill_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT coalesce(string_agg(key, E'\\n' ORDER BY key COLLATE "C"), '') INTO NEW.skill_key FROM (
    SELECT unnest(NEW.required_keys) AS key
    UNION
    SELECT a.skill_label_keys ->> label
    FROM accounts a CROSS JOIN unnest(NEW.labels) AS label
    WHERE a.id = NEW.account_id AND jsonb_exists(a.skill_label_keys, label)
  ) AS keys;
  RETURN NEW;
END $$
"""
SKILLS_CHANGE = """
CREATE TRIGGER set_skill_key BEFORE INSERT OR UPDATE OF labels, required_keys ON conversations FOR EACH ROW
WHEN (NEW.labels <> '{}' OR NEW.required_keys <> '{}' OR NEW.skill_key <> '') EXECUTE FUNCTION set_skill_key()
"""


def upgrade() -> None:
    take(*TABLES)
    op.execute("SET LOCAL statement_timeout = 0")
    _add_columns()
    _check_words()
    op.create_check_constraint("weight_range", "inboxes", "weight BETWEEN 1 AND 100")
    op.create_check_constraint(
        "overflow_with_team", "assignment_policies", "(overflow_team_id IS NULL) = (overflow_after IS NULL)"
    )
    op.create_foreign_key(
        "fk_assignment_policies_account_id_overflow_team_id",
        "assignment_policies",
        "teams",
        ["account_id", "overflow_team_id"],
        ["account_id", "id"],
        ondelete="RESTRICT",
    )
    _create_indexes()
    op.execute(SET_SKILL_KEY)
    op.execute(SKILLS_CHANGE)


def _add_columns() -> None:
    for table, columns in NULLABLE.items():
        for name, kind in columns.items():
            op.add_column(table, sa.Column(name, kind, nullable=True))
    for table, defaults in ALWAYS.items():
        for name, (kind, default) in defaults.items():
            op.add_column(table, sa.Column(name, kind, server_default=default, nullable=False))
    op.add_column("assignment_policies", sa.Column("wait_for_preferred", NUMBER, server_default="0", nullable=True))


def _check_words() -> None:
    op.execute(
        "ALTER TABLE assignments ADD CONSTRAINT ck_assignments_via CHECK (via IN ('preferred', 'overflow')) NOT VALID"
    )


def _create_indexes() -> None:
    waiting = "status = 'open' AND assignee_id IS NULL"
    op.create_index(
        "ix_conversations_waiting_skilled",
        "conversations",
        ["inbox_id", "skill_key", "team_id"],
        postgresql_where=sa.text(f"{waiting} AND skill_key <> ''"),
    )
    op.create_index("ix_assignment_policies_overflow_team_id", "assignment_policies", ["overflow_team_id"])
