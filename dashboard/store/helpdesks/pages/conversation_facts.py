"""The helpdesk facts of conversations: their ids there, the last write, the last shadow decision."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text

from dashboard.helpdesks.values import HelpdeskKind
from dashboard.store.models.helpdesk_writes import WriteState
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

FACTS = text("""
SELECT m.conversation_id, m.connection_id, k.kind, m.external_id, m.display_id,
  w.state AS write_state, w.at AS write_at, w.reason AS write_reason,
  s.agent_id AS shadow_agent_id, s.at AS shadow_at, s.taken_by AS shadow_taken_by, s.taken_at AS shadow_taken_at
FROM connected_conversations m
JOIN connections k ON k.id = m.connection_id
LEFT JOIN LATERAL (
  SELECT state, at, reason FROM helpdesk_writes
  WHERE helpdesk_writes.conversation_id = m.conversation_id ORDER BY id DESC LIMIT 1
) w ON true
LEFT JOIN LATERAL (
  SELECT agent_id, at, taken_by, taken_at FROM shadow_decisions
  WHERE shadow_decisions.conversation_id = m.conversation_id ORDER BY id DESC LIMIT 1
) s ON true
WHERE m.account_id = :account_id AND m.conversation_id = ANY(CAST(:ids AS bigint[]))
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFact:
    """The last write of the conversation's assignee in the helpdesk, and why it was not done."""

    state: WriteState
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowFact:
    """The last decision in shadow, and the person that took the conversation there."""

    agent_id: int
    at: datetime
    taken_by: str | None
    taken_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskFacts:
    """A conversation in its helpdesk: `id` is the stable one, `display_id` the one that people see."""

    connection_id: int
    kind: HelpdeskKind
    id: str
    display_id: str
    write: WriteFact | None
    shadow: ShadowFact | None


def of(session: Session, account_id: int, conversation_ids: Collection[int]) -> Mapping[int, HelpdeskFacts]:
    """Return the facts of those of these conversations that are in a helpdesk, in one query."""
    if not conversation_ids:
        return {}
    rows = session.execute(FACTS, {"account_id": account_id, "ids": bind_array(conversation_ids)})
    return {row.conversation_id: _facts(row) for row in rows}


def _facts(row: Row[Any]) -> HelpdeskFacts:
    written, decided = row.write_state is not None, row.shadow_agent_id is not None
    return HelpdeskFacts(
        connection_id=row.connection_id,
        kind=HelpdeskKind(row.kind),
        id=row.external_id,
        display_id=row.display_id,
        write=_write(row) if written else None,
        shadow=_shadow(row) if decided else None,
    )


def _write(row: Row[Any]) -> WriteFact:
    return WriteFact(state=WriteState(row.write_state), at=row.write_at, reason=row.write_reason)


def _shadow(row: Row[Any]) -> ShadowFact:
    return ShadowFact(
        agent_id=row.shadow_agent_id, at=row.shadow_at, taken_by=row.shadow_taken_by, taken_at=row.shadow_taken_at
    )
