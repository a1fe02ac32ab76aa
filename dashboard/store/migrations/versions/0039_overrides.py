"""An inbox may have values of its own for some fields of its policy

A link begins without any, and an older release that serves meanwhile writes none. Targets may be an inbox's own, so
that the functions of `due_at` look at the link first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"

TARGET = """
CREATE OR REPLACE FUNCTION target_minutes(of_inbox bigint, of_priority bigint) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT CAST(
    CASE WHEN l.overrides ? 'response_targets' THEN l.overrides -> 'response_targets' ELSE p.response_targets END
    ->> coalesce(CAST(of_priority AS text), 'none') AS integer
  )
  FROM inbox_assignment_policies l JOIN assignment_policies p ON p.id = l.assignment_policy_id
  WHERE l.inbox_id = of_inbox
$$
"""
LINK_CHANGES = """
CREATE OR REPLACE FUNCTION renew_due_instants_of_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE inbox bigint := coalesce(NEW.inbox_id, OLD.inbox_id);
BEGIN
  IF EXISTS (
    SELECT FROM assignment_policies p WHERE p.id = NEW.assignment_policy_id AND p.response_targets IS NOT NULL
  ) OR coalesce(NEW.overrides ? 'response_targets', false) OR EXISTS (
    SELECT FROM conversations c
    WHERE c.inbox_id = inbox AND c.status = 'open' AND c.assignee_id IS NULL AND c.due_at IS NOT NULL
  ) THEN
    PERFORM renew_due_instants(ARRAY[inbox]);
  END IF;
  RETURN NULL;
END $$
"""


def upgrade() -> None:
    overrides = sa.Column("overrides", postgresql.JSONB(), server_default="{}", nullable=False)
    op.add_column("inbox_assignment_policies", overrides)
    op.execute(TARGET)
    op.execute(LINK_CHANGES)
