"""Conversations in people's hands: they are changed, assigned, transferred, released, resolved, and written to."""

from collections import Counter
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import structlog

from dashboard.engine.model import Presence, Status
from dashboard.services.agents import presence
from dashboard.services.conversations import save, transitions, validation
from dashboard.services.conversations.conversation_forms import Change, Message, MessageType
from dashboard.services.conversations.transitions import Step
from dashboard.services.conversations.validation import Faults
from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import Cause
from dashboard.services.core.baselines import ANYTHING, Seen
from dashboard.services.core.form import UNSET, given
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.core.unit_of_work import Desk
from dashboard.store.accounts import id_checks
from dashboard.store.agents import assignee_status
from dashboard.store.agents.assignee_status import Standing
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.ledger.ledger import Why
from dashboard.store.postgres import locks

log = structlog.get_logger()


def change(
    desk: Desk,
    account_id: int,
    conversation_id: int,
    wanted: Change,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Seen = ANYTHING,
) -> ConversationRow | Invalid | None:
    """Change a conversation; what a person assigns, transfers or releases is unconditional (E29)."""
    held = hold_inboxes(desk, account_id, conversation_id, wanted)
    if not held:
        return None
    if found := faults(desk, account_id, wanted) or _past(wanted, now):
        return _refused(desk, found)
    before = conversations.lock(desk.session, account_id, conversation_id)
    if before.inbox_id not in held:  # somebody moved it meanwhile, and the lock of its inbox comes before its own
        desk.session.rollback()
        return change(desk, account_id, conversation_id, wanted, actor_id=actor_id, now=now, seen=seen)
    values = audited_crud.judged(desk, seen, given(wanted), before)
    if isinstance(values, Stale):
        return values
    wanted = replace(wanted, **values)
    if found := known_there(desk, [before], wanted):
        return _refused(desk, found)
    return save.save(desk, before, changed(desk, before, wanted), Cause(actor_id=actor_id, now=now))


def end_snooze(desk: Desk, account_id: int, conversation_id: int, *, now: datetime) -> bool:
    """Open a conversation whose snooze has ended; false if somebody did so meanwhile, or snoozed it again."""
    before = _held(desk, account_id, conversation_id)
    if before is None:
        return False
    if before.status is not Status.SNOOZED or before.snoozed_until is None or before.snoozed_until > now:
        desk.session.rollback()
        return False
    standing = _standing(desk, before, before.assignee_id) if before.assignee_id else None
    save.save(desk, before, transitions.snooze_ended(before, standing), Cause(actor_id=None, now=now))
    return True


def message(
    desk: Desk, account_id: int, conversation_id: int, said: Message, *, actor_id: int | None, now: datetime
) -> ConversationRow | None:
    """Note that somebody wrote; the customer's message reopens, and goes to somebody else if its agent is absent.

    An automatic message only moves the last activity.
    """
    before = _held(desk, account_id, conversation_id)
    if before is None:
        return None
    incoming = said.message_type is MessageType.INCOMING and not said.automatic
    row = transitions.with_message(before, said, at=min(said.at or now, now))
    after = save.save(desk, before, _kept(desk, row, incoming=incoming), Cause(actor_id=actor_id, now=now))
    if said.message_type is MessageType.OUTGOING and not said.automatic:
        _show_activity(desk, after, now)
    return after


def hold_inboxes(desk: Desk, account_id: int, conversation_id: int, wanted: Change | None = None) -> frozenset[int]:
    """Keep runs out of the conversation's inbox, and of the one that it shall move to; return these inboxes.

    Locks are taken in a run's order: inboxes by id, agents, the conversation.
    """
    found = conversations.find(desk.session, account_id, conversation_id)
    if found is None:
        return frozenset()
    held = frozenset((found.inbox_id, *(moves_to(wanted) if wanted else ())))
    locks.share_inboxes(desk.session, held)
    return held


def moves_to(wanted: Change) -> tuple[int, ...]:
    """Return the inbox that the change moves conversations to, if it does."""
    return () if wanted.inbox_id is UNSET else (wanted.inbox_id,)


def faults(desk: Desk, account_id: int, wanted: Change) -> Faults:
    """Return what is named and is not the account's; an agent who is stays active until this transaction ends."""
    inbox_id = None if wanted.inbox_id is UNSET else wanted.inbox_id
    team_id = None if wanted.team_id is UNSET else wanted.team_id
    assignee_id = None if wanted.assignee_id is UNSET else wanted.assignee_id
    known = id_checks.known(
        desk.session,
        account_id,
        inbox_ids=() if inbox_id is None else (inbox_id,),
        team_ids=() if team_id is None else (team_id,),
        agent_ids=() if assignee_id is None else (assignee_id,),
    )
    return validation.reference_faults(known, inbox_id=inbox_id, team_id=team_id, assignee_id=assignee_id)


def known_there(desk: Desk, held: Collection[ConversationRow], wanted: Change) -> Faults:
    """Return the fault of a move that would give an inbox two conversations of one external id."""
    if wanted.inbox_id is UNSET:
        return {}
    ids = Counter(row.external_id for row in held if row.external_id is not None and row.inbox_id != wanted.inbox_id)
    twice = [one for one, count in ids.items() if count > 1]
    taken = [*twice, *conversations.taken(desk.session, wanted.inbox_id, ids)]
    return {"inbox_id": (f"That inbox has a conversation with the external id {min(taken)}.",)} if taken else {}


def changed(desk: Desk, before: ConversationRow, wanted: Change) -> Step:
    """Return what the change makes of a conversation: an agent who cannot keep it loses it."""
    row = replace(before, **given(wanted))
    if row.inbox_id != before.inbox_id:
        return _moved(desk, row, wanted)
    if wanted.assignee_id is not UNSET or row.assignee_id is None:
        return Step(row)
    if row.team_id not in (None, before.team_id) and not assignee_status.in_team(
        desk.session, row.team_id, row.assignee_id
    ):
        return Step(replace(row, assignee_id=None), Why.TEAM_MOVED)
    return _kept(desk, row)


def _moved(desk: Desk, row: ConversationRow, wanted: Change) -> Step:
    """Return a conversation in its new inbox: with its team and its agent only if they answer that inbox (E70)."""
    if (
        wanted.team_id is UNSET
        and row.team_id
        and not assignee_status.team_answers(desk.session, row.team_id, row.inbox_id)
    ):
        row = replace(row, team_id=None)
    if wanted.assignee_id is not UNSET or row.assignee_id is None:
        return Step(row)
    stays = assignee_status.in_inbox(desk.session, row.inbox_id, row.assignee_id)
    return Step(row) if stays else Step(replace(row, assignee_id=None), Why.MOVED)


def _past(wanted: Change, now: datetime) -> Faults:
    at = wanted.snoozed_until
    return {"snoozed_until": ("This instant has passed.",)} if isinstance(at, datetime) and at <= now else {}


def _refused(desk: Desk, found: Faults) -> Invalid:
    desk.session.rollback()
    return Invalid(errors=found)


def _held(desk: Desk, account_id: int, conversation_id: int) -> ConversationRow | None:
    """Return the conversation, locked after its inbox; looked for again if somebody moved it meanwhile."""
    held = hold_inboxes(desk, account_id, conversation_id)
    row = conversations.lock(desk.session, account_id, conversation_id) if held else None
    if row is None or row.inbox_id in held:
        return row
    desk.session.rollback()
    return _held(desk, account_id, conversation_id)


def _kept(desk: Desk, row: ConversationRow, *, incoming: bool = False) -> Step:
    """Release an open conversation that its assignee cannot keep."""
    if row.holder_id is None:
        return Step(row)
    return transitions.kept_or_released(row, _standing(desk, row, row.holder_id), incoming=incoming)


def _standing(desk: Desk, row: ConversationRow, agent_id: int) -> Standing:
    return assignee_status.standing(
        desk.session, agent_id, account_id=row.account_id, inbox_id=row.inbox_id, team_id=row.team_id
    )


def _show_activity(desk: Desk, row: ConversationRow, now: datetime) -> None:
    """Turn the agent who answers back to online if they had only idled (E38)."""
    agent_id = row.assignee_id
    if agent_id is None or _standing(desk, row, agent_id).availability is not Presence.AWAY:
        return
    try:
        presence.set_availability(
            desk, row.account_id, agent_id, availability=Presence.ONLINE, auto_offline=None, by_hand=False, now=now
        )
    except StoreUnavailable as error:  # the message stands, and so does what Postgres says of the agent (E44)
        log.warning("activity_not_noted", account=row.account_id, agent=agent_id, error=str(error))
