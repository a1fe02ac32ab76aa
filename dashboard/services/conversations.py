"""What happens to conversations: they are created, changed and written to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import structlog

from dashboard.engine.model import Presence, Status
from dashboard.services import creating, drafts, presence, saving, transitions
from dashboard.services.desk import Desk
from dashboard.services.drafts import Draft, Faults
from dashboard.services.forms.base import UNSET, Unset, given
from dashboard.services.refusals import Invalid, invalid
from dashboard.services.saving import Cause
from dashboard.services.transitions import Step
from dashboard.store import assignees, conversations, locks, references
from dashboard.store.assignees import Standing
from dashboard.store.conversations import ConversationRow
from dashboard.store.errors import StoreUnavailable
from dashboard.store.ledger import Why

log = structlog.get_logger()
MOST_AT_ONCE = 1_000


class MessageType(StrEnum):
    """Who wrote: the customer, or an agent."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What shall be different; a team or an assignee of None takes it away from them."""

    subject: str | Unset | None = UNSET
    status: Status | Unset = UNSET
    priority: int | Unset | None = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    team_id: int | Unset | None = UNSET
    assignee_id: int | Unset | None = UNSET


@dataclass(frozen=True, slots=True)
class Created:
    """The conversation, and whether it is new or was there under its external id."""

    conversation: ConversationRow
    is_new: bool


def create(desk: Desk, account_id: int, draft: Draft, *, actor_id: int | None, now: datetime) -> Created | Invalid:
    """Create a conversation, or return the one that the inbox has under this external id."""
    if faults := drafts.faults(desk, account_id, [draft])[0]:
        return Invalid(errors=faults)
    [added] = creating.write(desk, account_id, [draft], Cause(actor_id=actor_id, now=now))
    conversation = conversations.get(desk.session, account_id, added.id)
    creating.commit(desk, account_id, [draft], [added])
    return Created(conversation, added.is_new)


def create_bulk(
    desk: Desk, account_id: int, wanted: Sequence[Draft], *, actor_id: int | None, now: datetime
) -> list[int] | Invalid:
    """Create up to a thousand conversations or none, and return their ids in order, old ones included."""
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        return invalid("conversations", f"There must be 1 to {MOST_AT_ONCE:,} conversations.")
    if faults := _in_list(drafts.faults(desk, account_id, wanted)):
        return Invalid(errors=faults)
    added = creating.write(desk, account_id, wanted, Cause(actor_id=actor_id, now=now))
    creating.commit(desk, account_id, wanted, added)
    return [one.id for one in added]


def find(desk: Desk, account_id: int, conversation_id: int) -> ConversationRow | None:
    """Return the conversation, if the account has it."""
    return conversations.find(desk.session, account_id, conversation_id)


def change(
    desk: Desk, account_id: int, conversation_id: int, wanted: Change, *, actor_id: int | None, now: datetime
) -> ConversationRow | Invalid | None:
    """Change a conversation; what a person assigns, transfers or releases is unconditional (E29)."""
    if not _hold_inbox(desk, account_id, conversation_id):
        return None
    if faults := _faults(desk, account_id, wanted):
        return Invalid(errors=faults)
    before = conversations.lock(desk.session, account_id, conversation_id)
    return saving.save(desk, before, _changed(desk, before, wanted), Cause(actor_id=actor_id, now=now))


def message(
    desk: Desk,
    account_id: int,
    conversation_id: int,
    kind: MessageType,
    *,
    at: datetime,
    actor_id: int | None,
    now: datetime,
) -> ConversationRow | None:
    """Note that somebody wrote; the customer's message reopens, and goes to somebody else if its agent is absent."""
    if not _hold_inbox(desk, account_id, conversation_id):
        return None
    before = conversations.lock(desk.session, account_id, conversation_id)
    incoming = kind is MessageType.INCOMING
    row = transitions.with_message(before, incoming=incoming, at=at)
    after = saving.save(desk, before, _kept(desk, row, incoming=incoming), Cause(actor_id=actor_id, now=now))
    if not incoming:
        _show_activity(desk, after, now)
    return after


def _in_list(found: Sequence[Faults]) -> Faults:
    return {
        f"conversations.{place}.{field}": why for place, faults in enumerate(found) for field, why in faults.items()
    }


def _hold_inbox(desk: Desk, account_id: int, conversation_id: int) -> bool:
    """Keep runs out of the conversation's inbox; locks are taken in a run's order: inbox, agents, conversation."""
    found = conversations.find(desk.session, account_id, conversation_id)
    if found:
        locks.share_inbox(desk.session, found.inbox_id)
    return found is not None


def _faults(desk: Desk, account_id: int, wanted: Change) -> Faults:
    team_id = None if wanted.team_id is UNSET else wanted.team_id
    assignee_id = None if wanted.assignee_id is UNSET else wanted.assignee_id
    known = references.known(
        desk.session,
        account_id,
        team_ids=() if team_id is None else (team_id,),
        agent_ids=() if assignee_id is None else (assignee_id,),
    )
    return drafts.reference_faults(known, team_id=team_id, assignee_id=assignee_id)


def _changed(desk: Desk, before: ConversationRow, wanted: Change) -> Step:
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
