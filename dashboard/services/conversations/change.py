"""Changes of conversations by people: assignment, transfer, release, status, fields and messages."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

import structlog

from dashboard.engine.coming_back.returns import ReturnReason
from dashboard.engine.model import Awaiting, Presence, Status
from dashboard.services.agents import presence
from dashboard.services.conversations import helpdesk_rights, save, transitions, validation
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.services.conversations.transitions import Transition
from dashboard.services.conversations.validation import Faults
from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import UNSET, sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import id_checks
from dashboard.store.agents import assignee_status
from dashboard.store.agents.assignee_status import AssigneeStatus
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks import masters
from dashboard.store.ledger.ledger import AssignmentSource
from dashboard.store.postgres import locks

log = structlog.get_logger()


def change(
    work: UnitOfWork,
    account_id: int,
    conversation_id: int,
    wanted: ConversationChange,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> ConversationRow | Invalid | Conflict | None:
    """Change a conversation; a person's assignment, transfer or release has no gates (E29)."""
    held = hold_inboxes(work, account_id, conversation_id, wanted)
    if not held:
        return None
    if found := faults(work, account_id, wanted) or _past(wanted, now):
        return Invalid(errors=found)
    before = _locked(work, account_id, conversation_id, held)
    values = audited_crud.judged(seen, sent_fields(wanted), before)
    if isinstance(values, Stale):
        return values
    wanted = replace(wanted, **values)
    if found := known_there(work, [before], wanted):
        return Invalid(errors=found)
    if refusal := helpdesk_rights.refusal(work, account_id, [before], wanted):
        return refusal
    return save.save(work, before, apply_change(work, before, wanted), ActorContext(actor_id=actor_id, now=now))


def end_snooze(work: UnitOfWork, account_id: int, conversation_id: int, *, now: datetime) -> bool:
    """Open a conversation after the end of its snooze.

    False if it is open already, or snoozed again, or if a helpdesk opens it.
    """
    held = hold_inboxes(work, account_id, conversation_id)
    if not held:
        return False
    before = _locked(work, account_id, conversation_id, held)
    if masters.of_inbox(work.session, account_id, before.inbox_id):
        return False
    if before.status is not Status.SNOOZED or before.snoozed_until is None or before.snoozed_until > now:
        return False
    standing = _standing(work, before, before.assignee_id) if before.assignee_id else None
    save.save(work, before, transitions.snooze_ended(before, standing), ActorContext(actor_id=None, now=now))
    return True


def come_back(
    work: UnitOfWork,
    account_id: int,
    conversation_id: int,
    judge: Callable[[ConversationRow], ReturnReason | None],
    *,
    now: datetime,
) -> bool:
    """Release a conversation from an agent who does not answer, if `judge` finds a reason in its locked row (E64)."""
    held = hold_inboxes(work, account_id, conversation_id)
    if not held:
        return False
    before = _locked(work, account_id, conversation_id, held)
    if (why := judge(before)) is None:
        return False
    save.save(work, before, transitions.came_back(before, why, now), ActorContext(actor_id=None, now=now))
    return True


def message(
    work: UnitOfWork, account_id: int, conversation_id: int, said: Message, *, actor_id: int | None, now: datetime
) -> ConversationRow | Conflict | None:
    """Record a message; a customer's message reopens the conversation, and releases it from an absent assignee.

    An automatic message only updates the last activity.
    """
    found = conversations.find(work.session, account_id, conversation_id)
    if found is None:
        return None
    if refusal := helpdesk_rights.of_messages(work, account_id, found.inbox_id):
        return refusal
    locks.share_inboxes(work.session, [found.inbox_id])
    if said.message_type is MessageType.OUTGOING and not said.automatic:
        _show_activity(work, found, now)
    before = _locked(work, account_id, conversation_id, {found.inbox_id})
    incoming = said.message_type is MessageType.INCOMING and not said.automatic
    row = transitions.with_message(before, said, at=min(said.at or now, now))
    return save.save(work, before, _kept(work, row, incoming=incoming), ActorContext(actor_id=actor_id, now=now))


def apply_rules(work: UnitOfWork, row: ConversationRow, *, incoming: bool, now: datetime) -> ConversationRow:
    """Release a locked conversation of a helpdesk's live inbox if its assignee cannot keep it (E31, E36).

    `incoming` means that the customer has just written there. Whom a person there chose stays, even if the agent is
    deactivated here.
    """
    if row.holder_id is None or helpdesk_rights.is_left_alone(work, row):
        return row
    step = _kept(work, row, incoming=incoming)
    if step.why is AssignmentSource.AGENT_REMOVED and not row.assigned_by_engine:
        return row
    return save.save(work, row, step, ActorContext(actor_id=None, now=now))


def hold_inboxes(
    work: UnitOfWork, account_id: int, conversation_id: int, wanted: ConversationChange | None = None
) -> frozenset[int]:
    """Lock the conversation's inbox, and the inbox that it moves to, against runs; return their ids.

    The order of locks is the order of a run: inboxes by id, agents, the conversation.
    """
    found = conversations.find(work.session, account_id, conversation_id)
    if found is None:
        return frozenset()
    held = frozenset((found.inbox_id, *(moves_to(wanted) if wanted else ())))
    locks.share_inboxes(work.session, held)
    return held


def hold_moved(work: UnitOfWork, held: Collection[ConversationRow], inbox_ids: Collection[int]) -> None:
    """Keep runs out of the inboxes that somebody moved these conversations to, before they were locked.

    It is out of the order of locks. A run waits for no conversation; where one waits for the agent of the change,
    Postgres ends one of the two, which is asked for again.
    """
    if moved := {row.inbox_id for row in held}.difference(inbox_ids):
        locks.share_inboxes(work.session, moved)


def moves_to(wanted: ConversationChange) -> tuple[int, ...]:
    """Return the id of the inbox that the change moves conversations to, empty without a move."""
    return () if wanted.inbox_id is UNSET else (wanted.inbox_id,)


def faults(work: UnitOfWork, account_id: int, wanted: ConversationChange) -> Faults:
    """Return errors for ids that the account does not have; a found agent stays active until the transaction ends."""
    inbox_id = None if wanted.inbox_id is UNSET else wanted.inbox_id
    team_id = None if wanted.team_id is UNSET else wanted.team_id
    assignee_id = None if wanted.assignee_id is UNSET else wanted.assignee_id
    known = id_checks.existing_ids(
        work.session,
        account_id,
        inbox_ids=() if inbox_id is None else (inbox_id,),
        team_ids=() if team_id is None else (team_id,),
        agent_ids=() if assignee_id is None else (assignee_id,),
    )
    return validation.reference_faults(known, inbox_id=inbox_id, team_id=team_id, assignee_id=assignee_id)


def known_there(work: UnitOfWork, held: Collection[ConversationRow], wanted: ConversationChange) -> Faults:
    """Return the error of a move after which an inbox would have two conversations with one external id."""
    if wanted.inbox_id is UNSET:
        return {}
    ids = Counter(row.external_id for row in held if row.external_id is not None and row.inbox_id != wanted.inbox_id)
    twice = [one for one, count in ids.items() if count > 1]
    taken = [*twice, *conversations.taken(work.session, wanted.inbox_id, ids)]
    return {"inbox_id": (f"That inbox has a conversation with the external id {min(taken)}.",)} if taken else {}


def apply_change(work: UnitOfWork, before: ConversationRow, wanted: ConversationChange) -> Transition:
    """Return the conversation after the change, released if its assignee cannot keep it."""
    row = replace(before, **sent_fields(wanted))
    if row == before and helpdesk_rights.is_left_alone(work, before):
        return Transition(before)
    if row.inbox_id != before.inbox_id:
        return _moved(work, row, wanted)
    if wanted.assignee_id is not UNSET or row.assignee_id is None:
        return Transition(row)
    if row.team_id not in (None, before.team_id) and not assignee_status.in_team(
        work.session, row.team_id, row.assignee_id
    ):
        return Transition(replace(row, assignee_id=None), AssignmentSource.TEAM_MOVED)
    return _kept(work, row)


def _moved(work: UnitOfWork, row: ConversationRow, wanted: ConversationChange) -> Transition:
    """Return a conversation in its new inbox; its team and its assignee stay only as members there (E70)."""
    if (
        wanted.team_id is UNSET
        and row.team_id
        and not assignee_status.team_answers(work.session, row.team_id, row.inbox_id)
    ):
        row = replace(row, team_id=None)
    if wanted.assignee_id is not UNSET or row.assignee_id is None:
        return Transition(row)
    stays = assignee_status.in_inbox(work.session, row.inbox_id, row.assignee_id)
    return Transition(row) if stays else Transition(replace(row, assignee_id=None), AssignmentSource.MOVED)


def _past(wanted: ConversationChange, now: datetime) -> Faults:
    at = wanted.snoozed_until
    return {"snoozed_until": ("This instant has passed.",)} if isinstance(at, datetime) and at <= now else {}


def _locked(work: UnitOfWork, account_id: int, conversation_id: int, inbox_ids: Collection[int]) -> ConversationRow:
    """Return the conversation, locked after its inbox."""
    row = conversations.lock(work.session, account_id, conversation_id)
    hold_moved(work, [row], inbox_ids)
    return row


def _kept(work: UnitOfWork, row: ConversationRow, *, incoming: bool = False) -> Transition:
    """Return the conversation, released if it is open and its assignee cannot keep it."""
    if row.holder_id is None:
        return Transition(row)
    standing = _standing(work, row, row.holder_id)
    if standing.counts_unanswered and row.awaiting is Awaiting.CUSTOMER:
        work.notes.touched(row.account_id, rooms=[(row.holder_id, None)])  # the answer makes room (E67)
    return transitions.kept_or_released(row, standing, incoming=incoming)


def _standing(work: UnitOfWork, row: ConversationRow, agent_id: int) -> AssigneeStatus:
    return assignee_status.standing(
        work.session,
        agent_id,
        account_id=row.account_id,
        inbox_id=row.inbox_id,
        team_id=row.team_id,
        overflow_team_id=row.overflow_team_id,
    )


def _show_activity(work: UnitOfWork, row: ConversationRow, now: datetime) -> None:
    """Turn the agent who answers back to online if they had only idled (E38), before the conversation is locked."""
    agent_id = row.assignee_id
    if agent_id is None:
        return
    standing = _standing(work, row, agent_id)
    is_lost = row.holder_id is not None and transitions.kept_or_released(row, standing).row.assignee_id is None
    if is_lost or standing.availability is not Presence.AWAY:
        return
    try:
        presence.set_availability(
            work, row.account_id, agent_id, availability=Presence.ONLINE, auto_offline=None, by_hand=False, now=now
        )
    except StoreUnavailable as error:  # the message stands, and so does what Postgres says of the agent (E44)
        log.warning("activity_not_noted", account=row.account_id, agent=agent_id, error=str(error))
