"""Conversations from a file: what they need is made, and they come in once, however often the file does."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.engine.decisions import Source
from dashboard.engine.model import Awaiting, Status
from dashboard.services import auditing
from dashboard.services.auditing import Cause, Change
from dashboard.services.desk import Desk
from dashboard.services.import_rows import ImportRow
from dashboard.store import contacts, conversations, imports, ledger, policies
from dashboard.store.contacts import ContactDraft
from dashboard.store.conversations import NewConversation
from dashboard.store.imports import Ensured, Membership
from dashboard.store.ledger import AssignmentRow, Event, EventRow, Why

AT_ONCE = 500
POLICY = "Imported inboxes"
POLICY_DESCRIPTION = "For inboxes that an import has made, until they get a policy of their own."


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """How many came in, how many their inboxes had before, and what was made for them."""

    created: int
    existing: int
    inboxes: int
    agents: int


@dataclass(frozen=True, slots=True)
class Floor:
    """The inboxes and agents that the rows name."""

    inboxes: Ensured
    agents: Ensured


def bring_in(
    desk: Desk, account_id: int, rows: Sequence[ImportRow], *, now: datetime, progress: Callable[[int], object]
) -> Imported | None:
    """Import the rows that their inboxes do not have yet; None if there is no such account.

    A row that is resolved by now comes in so, by the agent who handled it; every other one waits, and starts a run.
    What waits is news and told of as an event; the rest is history.
    """
    floor = _lay_floor(desk, account_id, rows, now)
    if floor is None:
        return None
    created = 0
    for start in range(0, len(rows), AT_ONCE):
        chunk = rows[start : start + AT_ONCE]
        created += _bring_in(desk, account_id, chunk, floor=floor, now=now)
        progress(len(chunk))
    return Imported(
        created=created,
        existing=len(rows) - created,
        inboxes=len(floor.inboxes.new),
        agents=len(floor.agents.new),
    )


def _lay_floor(desk: Desk, account_id: int, rows: Sequence[ImportRow], now: datetime) -> Floor | None:
    """Make the inboxes, labels and agents that are missing, with who answers what and by which rules."""
    if not imports.hold_account(desk.session, account_id):
        return None
    floor = Floor(
        imports.ensure_inboxes(desk.session, account_id, {row.inbox for row in rows}),
        imports.ensure_agents(desk.session, account_id, {row.handled_by for row in rows if row.handled_by}),
    )
    imports.ensure_labels(desk.session, account_id, {label for row in rows for label in row.labels})
    imports.add_members(desk.session, account_id, _members(rows, floor))
    _route(desk, account_id, floor.inboxes.new, now)
    desk.session.commit()
    return floor


def _route(desk: Desk, account_id: int, inbox_ids: Collection[int], now: datetime) -> None:
    """Give new inboxes a policy, or nothing of theirs would ever be given out (E1)."""
    if not inbox_ids:
        return
    made = policies.shelf.add(desk.session, account_id, {"name": POLICY, "description": POLICY_DESCRIPTION})
    if made is not None and (policy := policies.shelf.find(desk.session, account_id, made)):
        policies.keep_version(desk.session, account_id, policy, actor_id=None, now=now)
        change = Change(subject="assignment_policy", subject_id=made, after=policy)
        auditing.write(desk, account_id, change, Cause(actor_id=None, now=now))
    policy_id = made or imports.policy_id_of(desk.session, account_id, POLICY)
    for inbox_id in sorted(inbox_ids):
        policies.link(desk.session, account_id, inbox_id, policy_id)


def _members(rows: Sequence[ImportRow], floor: Floor) -> set[Membership]:
    """Return who answers what by the file; between an inbox and an agent who were both there it changes nothing."""
    pairs = {
        Membership(floor.inboxes.ids[row.inbox], floor.agents.ids[row.handled_by]) for row in rows if row.handled_by
    }
    return {pair for pair in pairs if pair.inbox_id in floor.inboxes.new or pair.user_id in floor.agents.new}


def _bring_in(desk: Desk, account_id: int, rows: Sequence[ImportRow], *, floor: Floor, now: datetime) -> int:
    """Write what is new of these rows in one transaction, and return how many that is."""
    drafts = [ContactDraft(identifier=row.contact) for row in rows if row.contact]
    contact_ids = contacts.ensure(desk.session, account_id, drafts)
    wanted = [_conversation(account_id, row, floor=floor, contact_ids=contact_ids, now=now) for row in rows]
    added = conversations.add(desk.session, wanted)
    new = [(one.id, row) for one, row in zip(added, wanted, strict=True) if one.is_new]
    waiting = [(one, row) for one, row in new if row.status is Status.OPEN]
    ledger.write_assignments(desk.session, [_handled(one, row) for one, row in new if row.assignee_id is not None])
    ledger.write_events(desk.session, [_created(one, row, now) for one, row in waiting])
    desk.session.commit()
    desk.signals.wake(account_id, {row.inbox_id for _, row in waiting})
    return len(new)


def _conversation(
    account_id: int, row: ImportRow, *, floor: Floor, contact_ids: Mapping[str, int], now: datetime
) -> NewConversation:
    """Return the row as it stands now; the file says who resolved it and when, not when they got it."""
    resolved_at = row.resolved_at if row.resolved_at and row.resolved_at <= now else None
    agent_id = floor.agents.ids[row.handled_by] if row.handled_by and resolved_at else None
    return NewConversation(
        account_id=account_id,
        external_id=row.external_id,
        inbox_id=floor.inboxes.ids[row.inbox],
        team_id=None,
        contact_id=contact_ids[row.contact] if row.contact else None,
        subject=row.subject,
        status=Status.RESOLVED if resolved_at else Status.OPEN,
        priority=row.priority,
        assignee_id=agent_id,
        labels=tuple(dict.fromkeys(row.labels)),
        created_at=row.created_at,
        last_activity_at=resolved_at or row.created_at,
        waiting_since=None if resolved_at else min(row.created_at, now),
        assigned_at=resolved_at if agent_id else None,
        resolved_at=resolved_at,
        awaiting=None if resolved_at else Awaiting.AGENT,
    )


def _handled(conversation_id: int, row: NewConversation) -> AssignmentRow:
    """Return the ledger row of somebody's past work, so that the ledger agrees with every assignee."""
    return AssignmentRow(
        account_id=row.account_id,
        conversation_id=conversation_id,
        inbox_id=row.inbox_id,
        agent_id=row.assignee_id,
        source=Source.BY_HAND,
        reason=Why.IMPORTED,
        at=row.assigned_at or row.created_at,
    )


def _created(conversation_id: int, row: NewConversation, now: datetime) -> EventRow:
    return EventRow(
        account_id=row.account_id, events=(Event.CONVERSATION_CREATED,), conversation_id=conversation_id, at=now
    )
