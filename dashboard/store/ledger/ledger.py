"""Records of a change, written in its transaction: ledger rows, outbox events, audit entries.

Every writer is one statement, for any number of rows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import TextClause, func, select, text

from dashboard.engine.decisions import Source
from dashboard.engine.model import Presence
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import WAIT_BUCKETS, Counted, CounterKind
from dashboard.store.models import Assignment, AuditEntry
from dashboard.store.models.counters import Measure
from dashboard.store.postgres.bulk import bind_json, insert_rows, json_row
from dashboard.store.postgres.database import Session


class Event(StrEnum):
    """The events for webhooks."""

    ASSIGNEE_CHANGED = "assignee_changed"
    CONVERSATION_CREATED = "conversation_created"
    CONVERSATION_UPDATED = "conversation_updated"
    CONVERSATION_STATUS_CHANGED = "conversation_status_changed"
    AGENT_PRESENCE_CHANGED = "agent_presence_changed"
    ALERT_OPENED = "alert_opened"
    ALERT_CLOSED = "alert_closed"


class AssignmentSource(StrEnum):
    """The reason of a ledger row that a person or a rule wrote, not a run."""

    BY_HAND = "by_hand"
    IMPORTED = "imported"
    LEFT_INBOX = "left_inbox"
    AGENT_REMOVED = "agent_removed"
    CUSTOMER_WROTE_TO_ABSENT_AGENT = "customer_wrote_to_absent_agent"
    TEAM_MOVED = "team_moved"
    SNOOZE_ENDED = "snooze_ended"
    MOVED = "moved"
    GONE_IN_HELPDESK = "gone_in_helpdesk"
    IN_HELPDESK = "in_helpdesk"
    LOST_RACE = "lost_race"
    NO_REPLY = "no_reply"
    AGENT_ABSENT = "agent_absent"
    REFUSED_IN_HELPDESK = "refused_in_helpdesk"
    NOT_WRITTEN = "not_written"


# Releases of claims that the helpdesk does not have: the assignment before one counts for no limit.
GIVEN_BACK = (AssignmentSource.LOST_RACE, AssignmentSource.REFUSED_IN_HELPDESK, AssignmentSource.NOT_WRITTEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """A ledger row; a release has no agent, a run's row has its position."""

    account_id: int
    conversation_id: int
    inbox_id: int
    agent_id: int | None
    previous_agent_id: int | None = None
    source: Source
    reason: str | None = None
    run_id: int | None = None
    position: int | None = None
    policy_id: int | None = None
    policy_version: int | None = None
    actor_id: int | None = None
    waiting_since: datetime | None = None
    due_at: datetime | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A change by ids, and its events in order.

    The events' bodies are built from the rows at the time of the write; they differ only in event and id.
    """

    account_id: int
    events: tuple[Event, ...]
    conversation_id: int | None = None
    agent_id: int | None = None
    previous_agent_id: int | None = None
    run_id: int | None = None
    presence: Presence | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """A change with its actor, before and after; a creation has no before, a deletion no after."""

    account_id: int
    actor_id: int | None
    action: str
    subject: str
    subject_id: int | None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    at: datetime


LEDGER_COLUMNS = tuple(AssignmentRow.__slots__)
AUDIT_COLUMNS = tuple(AuditRow.__slots__)
ZULU = """'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'"""
# The common text of a row's events is built once, as text: built twice, as jsonb, it took half of a run's time. Ids are
# drawn in the rows' order: a body contains its own id, and receivers get events in that order.
EVENTS = f"""
WITH said AS MATERIALIZED (<rows>), told AS MATERIALIZED (
  SELECT said.*, concat(
    '"account_id": ' || said.account_id, ', "at": ' || to_json(to_char(said.at AT TIME ZONE 'UTC', {ZULU})),
    ', "conversation": ' || CASE WHEN c.id IS NOT NULL THEN json_build_object(
      'id', c.id, 'external_id', c.external_id, 'inbox_id', c.inbox_id, 'team_id', c.team_id,
      'contact', CASE WHEN k.id IS NOT NULL THEN
        json_build_object('id', k.id, 'identifier', k.identifier, 'name', k.name)
      END,
      'subject', c.subject, 'status', c.status, 'priority', c.priority, 'assignee_id', c.assignee_id,
      'labels', c.labels,
      'created_at', to_char(c.created_at AT TIME ZONE 'UTC', {ZULU}),
      'last_activity_at', to_char(c.last_activity_at AT TIME ZONE 'UTC', {ZULU}),
      'waiting_since', to_char(c.waiting_since AT TIME ZONE 'UTC', {ZULU}),
      'assigned_at', to_char(c.assigned_at AT TIME ZONE 'UTC', {ZULU}),
      'resolved_at', to_char(c.resolved_at AT TIME ZONE 'UTC', {ZULU}),
      'snoozed_until', to_char(c.snoozed_until AT TIME ZONE 'UTC', {ZULU}),
      'awaiting', c.awaiting
    ) END,
    ', "agent": ' || CASE WHEN a.user_id IS NOT NULL THEN
      json_strip_nulls(json_build_object('id', a.user_id, 'name', a.name, 'presence', said.presence))
    END,
    ', "previous_agent": ' || CASE WHEN p.user_id IS NOT NULL THEN
      json_build_object('id', p.user_id, 'name', p.name)
    END,
    ', "run_id": ' || said.run_id
  ) AS facts
  FROM said
  LEFT JOIN conversations c ON c.account_id = said.account_id AND c.id = said.conversation_id
  LEFT JOIN contacts k ON k.account_id = c.account_id AND k.id = c.contact_id
  LEFT JOIN account_users a ON a.account_id = said.account_id AND a.user_id = said.agent_id
  LEFT JOIN account_users p ON p.account_id = said.account_id AND p.user_id = said.previous_agent_id
), numbered AS MATERIALIZED (
  SELECT nextval((SELECT CAST(pg_get_serial_sequence('outbox_events', 'id') AS regclass))) AS id, turns.*
  FROM (
    SELECT told.*, event FROM told, unnest(told.events) WITH ORDINALITY AS turn(event, number)
    ORDER BY told.place, turn.number
  ) AS turns
)
INSERT INTO outbox_events (id, account_id, event, conversation_id, run_id, at, body)
SELECT id, account_id, event, conversation_id, run_id, at,
  CAST(format('{{"event": "%s", "id": %s, %s}}', event, id, facts) AS json)
FROM numbered
"""


def events_of(said: str) -> TextClause:
    """Return the statement that writes these rows' events to the outbox; rows have EventRow's columns and a place."""
    return text(EVENTS.replace("<rows>", said))


WRITE_EVENTS = events_of("""
  SELECT row_number() OVER () AS place, given.*
  FROM json_to_recordset(CAST(:rows AS json)) AS given(
    account_id bigint, events text[], conversation_id bigint, agent_id bigint, previous_agent_id bigint, run_id bigint,
    presence text, at timestamptz
  )
""")


def write_assignments(session: Session, rows: Collection[AssignmentRow]) -> None:
    """Append to the ledger and update the counters."""
    if rows:
        session.execute(insert_rows(Assignment, LEDGER_COLUMNS), bind_json(map(json_row, rows)))
        metric_counters.add(session, map(_counted, rows))


def ever_given(session: Session, account_id: int, conversation_ids: Collection[int]) -> Sequence[int]:
    """Return those of these conversations that have a ledger row."""
    had = select(Assignment.conversation_id).where(
        Assignment.account_id == account_id, Assignment.conversation_id == func.any(list(conversation_ids))
    )
    return session.scalars(had.distinct()).all() if conversation_ids else ()


def write_events(session: Session, rows: Collection[EventRow]) -> None:
    """Write events to the outbox; their conversations and agents must be written before."""
    if rows:
        session.flush()
        session.execute(WRITE_EVENTS, bind_json(map(json_row, rows)))


def write_audit(session: Session, rows: Collection[AuditRow]) -> None:
    if rows:
        session.execute(insert_rows(AuditEntry, AUDIT_COLUMNS), bind_json(map(json_row, rows)))


def assignment_events(rows: Collection[AssignmentRow]) -> list[EventRow]:
    """Return each ledger row's two events (E26)."""
    return [
        EventRow(
            account_id=row.account_id,
            events=(Event.ASSIGNEE_CHANGED, Event.CONVERSATION_UPDATED),
            conversation_id=row.conversation_id,
            agent_id=row.agent_id,
            previous_agent_id=row.previous_agent_id,
            run_id=row.run_id,
            at=row.at,
        )
        for row in rows
    ]


def _counted(row: AssignmentRow) -> Counted:
    """Return the row's counter, with the seconds from waiting to assigned; imported rows count without seconds."""
    if row.agent_id is None or row.waiting_since is None or row.reason == AssignmentSource.IMPORTED:
        return Counted(kind=CounterKind(measure=Measure.ASSIGNMENTS, word=row.source), count=1)
    waited = max((row.at - row.waiting_since).total_seconds(), 0.0)
    bucket = metric_counters.bucket_of(waited, WAIT_BUCKETS)
    return Counted(
        kind=CounterKind(measure=Measure.ASSIGNMENTS, word=row.source, bucket=bucket), count=1, seconds=waited
    )
