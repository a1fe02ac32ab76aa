"""Conversations in people's hands: they are changed, assigned, transferred, released, resolved, and written to."""

from dataclasses import replace
from datetime import datetime

import structlog

from dashboard.engine.model import Presence, Status
from dashboard.services import drafts, presence, saving, transitions
from dashboard.services.auditing import Cause
from dashboard.services.desk import Desk
from dashboard.services.drafts import Faults
from dashboard.services.forms.base import UNSET, given
from dashboard.services.forms.conversations import Change, Message, MessageType
from dashboard.services.refusals import Invalid
from dashboard.services.transitions import Step
from dashboard.store import assignees, conversations, locks, references
from dashboard.store.assignees import Standing
from dashboard.store.conversations import ConversationRow
from dashboard.store.errors import StoreUnavailable
from dashboard.store.ledger import Why

log = structlog.get_logger()


def change(
    desk: Desk, account_id: int, conversation_id: int, wanted: Change, *, actor_id: int | None, now: datetime
) -> ConversationRow | Invalid | None:
    """Change a conversation; what a person assigns, transfers or releases is unconditional (E29)."""
    if not hold_inbox(desk, account_id, conversation_id):
        return None
    if found := faults(desk, account_id, wanted) or _past(wanted, now):
        desk.session.rollback()
        return Invalid(errors=found)
    before = conversations.lock(desk.session, account_id, conversation_id)
    return saving.save(desk, before, changed(desk, before, wanted), Cause(actor_id=actor_id, now=now))


def end_snooze(desk: Desk, account_id: int, conversation_id: int, *, now: datetime) -> bool:
    """Open a conversation whose snooze has ended; false if somebody did so meanwhile, or snoozed it again."""
    if not hold_inbox(desk, account_id, conversation_id):
        return False
    before = conversations.lock(desk.session, account_id, conversation_id)
    if before.status is not Status.SNOOZED or before.snoozed_until is None or before.snoozed_until > now:
        desk.session.rollback()
        return False
    standing = _standing(desk, before, before.assignee_id) if before.assignee_id else None
    saving.save(desk, before, transitions.snooze_ended(before, standing), Cause(actor_id=None, now=now))
    return True


def message(
    desk: Desk, account_id: int, conversation_id: int, said: Message, *, actor_id: int | None, now: datetime
) -> ConversationRow | None:
    """Note that somebody wrote; the customer's message reopens, and goes to somebody else if its agent is absent.

    An automatic message only moves the last activity.
    """
    if not hold_inbox(desk, account_id, conversation_id):
        return None
    before = conversations.lock(desk.session, account_id, conversation_id)
    incoming = said.message_type is MessageType.INCOMING and not said.automatic
    row = transitions.with_message(before, incoming=incoming, at=min(said.at or now, now))
    after = saving.save(desk, before, _kept(desk, row, incoming=incoming), Cause(actor_id=actor_id, now=now))
    if said.message_type is MessageType.OUTGOING and not said.automatic:
        _show_activity(desk, after, now)
    return after


def hold_inbox(desk: Desk, account_id: int, conversation_id: int) -> bool:
    """Keep runs out of the conversation's inbox; locks are taken in a run's order: inbox, agents, conversation."""
    found = conversations.find(desk.session, account_id, conversation_id)
    if found:
        locks.share_inbox(desk.session, found.inbox_id)
    return found is not None


def faults(desk: Desk, account_id: int, wanted: Change) -> Faults:
    """Return what is named and is not the account's; an agent who is stays active until this transaction ends."""
    team_id = None if wanted.team_id is UNSET else wanted.team_id
    assignee_id = None if wanted.assignee_id is UNSET else wanted.assignee_id
    known = references.known(
        desk.session,
        account_id,
        team_ids=() if team_id is None else (team_id,),
        agent_ids=() if assignee_id is None else (assignee_id,),
    )
    return drafts.reference_faults(known, team_id=team_id, assignee_id=assignee_id)


def _past(wanted: Change, now: datetime) -> Faults:
    at = wanted.snoozed_until
    return {"snoozed_until": ("This instant has passed.",)} if isinstance(at, datetime) and at <= now else {}


def changed(desk: Desk, before: ConversationRow, wanted: Change) -> Step:
    """Return what the change makes of a conversation: an agent who cannot keep it loses it."""
    row = replace(before, **given(wanted))
    if wanted.assignee_id is not UNSET or row.assignee_id is None:
        return Step(row)
    if row.team_id not in (None, before.team_id) and not assignees.in_team(desk.session, row.team_id, row.assignee_id):
        return Step(replace(row, assignee_id=None), Why.TEAM_MOVED)
    return _kept(desk, row)


def _kept(desk: Desk, row: ConversationRow, *, incoming: bool = False) -> Step:
    """Release an open conversation that its assignee cannot keep."""
    if row.holder_id is None:
        return Step(row)
    return transitions.kept_or_released(row, _standing(desk, row, row.holder_id), incoming=incoming)


def _standing(desk: Desk, row: ConversationRow, agent_id: int) -> Standing:
    return assignees.standing(
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
