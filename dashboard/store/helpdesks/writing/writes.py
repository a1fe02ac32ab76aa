"""The writes to be carried out in a helpdesk, inserted in the decision's own transaction (C13)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.store.models.helpdesk_writes import WriteKind
from dashboard.store.postgres.bulk import bind_json, json_row
from dashboard.store.postgres.database import Session

# The ledger has the batch's claims in order. A team that the helpdesk does not have is none there.
CLAIMED = text("""
WITH made AS (
  INSERT INTO helpdesk_writes (account_id, connection_id, conversation_id, inbox_id, kind, agent_id, run_id,
    expected_team, at, due_at)
  SELECT a.account_id, m.connection_id, a.conversation_id, a.inbox_id, 'claim', a.agent_id, a.run_id,
    t.external_id, a.at, a.at
  FROM assignments a
  JOIN conversations c ON c.id = a.conversation_id
  JOIN connected_conversations m ON m.conversation_id = a.conversation_id
  LEFT JOIN connected_teams t ON t.connection_id = m.connection_id AND t.team_id = c.team_id
  WHERE a.run_id = :run_id AND a.position >= :first
  ORDER BY a.position
  RETURNING connection_id
)
SELECT DISTINCT connection_id FROM made
""")
# Only of live inboxes. Whose release a rule decided must still have it there. A person's choice keeps the owner there
# that it replaces: the mirrored one, or the one of an earlier write that is still to be carried out.
CHANGED = text("""
WITH made AS (
  INSERT INTO helpdesk_writes (account_id, connection_id, conversation_id, inbox_id, kind, agent_id,
    expected_assignee, at, due_at)
  SELECT c.account_id, m.connection_id, c.id, c.inbox_id, given.kind, given.agent_id,
    CASE WHEN given.kind = 'release' OR EXISTS (
      SELECT FROM helpdesk_writes w WHERE w.conversation_id = c.id AND w.state = 'writing'
    ) THEN h.external_id ELSE m.assignee END, given.at, given.at
  FROM json_to_recordset(CAST(:rows AS json)) AS given(
    conversation_id bigint, kind text, agent_id bigint, previous_agent_id bigint, at timestamptz
  )
  JOIN conversations c ON c.id = given.conversation_id
  JOIN connected_inboxes i ON i.inbox_id = c.inbox_id AND i.mode = 'live'
  JOIN connected_conversations m ON m.conversation_id = c.id AND m.connection_id = i.connection_id
  LEFT JOIN connected_agents h ON h.connection_id = m.connection_id AND h.agent_id = given.previous_agent_id
  ORDER BY c.id
  RETURNING connection_id
)
SELECT DISTINCT connection_id FROM made ORDER BY connection_id
""")

LOST = text("""
SELECT a.account_id, a.inbox_id, a.conversation_id, a.agent_id, t.team_id, a.waiting_since, a.at
FROM helpdesk_writes w
JOIN assignments a ON a.conversation_id = w.conversation_id AND a.run_id = w.run_id
LEFT JOIN connected_teams t ON t.connection_id = w.connection_id AND t.external_id = w.expected_team
WHERE w.id = :write_id AND w.kind = 'claim'
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class LostClaim:
    """A run's assignment that the helpdesk contradicts; `team_id` names the rotation of its turn."""

    account_id: int
    inbox_id: int
    conversation_id: int
    agent_id: int
    team_id: int | None
    waiting_since: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedAssignee:
    """A new assignee here, or a release, of a conversation that may be in a helpdesk."""

    conversation_id: int
    kind: WriteKind
    agent_id: int | None
    previous_agent_id: int | None
    at: datetime


def claimed(session: Session, run_id: int, *, first: int) -> Collection[int]:
    """Write a batch's claims, from this position of the run on; return the connections."""
    return session.scalars(CLAIMED, {"run_id": run_id, "first": first}).all()


def changed(session: Session, changes: Collection[ChangedAssignee]) -> Collection[int]:
    """Write the changes of live inboxes' conversations; return their connections, none for other conversations."""
    return session.scalars(CHANGED, bind_json(map(json_row, changes))).all() if changes else ()


def lost_claim(session: Session, write_id: int) -> LostClaim | None:
    """Return the claim behind a write; None for another write, or one without its ledger row."""
    row = session.execute(LOST, {"write_id": write_id}).one_or_none()
    return LostClaim(**row._mapping) if row else None
