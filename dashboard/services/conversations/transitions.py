"""Transitions of a conversation, as pure functions from row to row."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from dashboard.engine.coming_back.returns import ReturnReason
from dashboard.engine.model import Awaiting, Presence, Status
from dashboard.services.conversations.conversation_forms import Message, MessageType
from dashboard.store.agents.assignee_status import AssigneeStatus
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.ledger.ledger import AssignmentSource

# The memory of returns ends with the conversation (E65).
FORGOTTEN: Mapping[str, Any] = {"returns": 0, "returned_from": (), "returned_ats": ()}
REOPENED_BY_CUSTOMER = (Status.RESOLVED, Status.SNOOZED)


@dataclass(frozen=True, slots=True)
class Transition:
    """The new row of a conversation, and the reason of its release or None.

    `waiting_since` is the beginning of the wait if another system knows it.
    """

    row: ConversationRow
    why: AssignmentSource | None = None
    waiting_since: datetime | None = None


def apply_status_rules(before: ConversationRow, step: Transition, now: datetime) -> ConversationRow:
    """Return the row with unique labels and the instants that its status and assignee imply."""
    after = step.row
    same_assignee = after.assignee_id == before.assignee_id
    return replace(
        after,
        labels=tuple(dict.fromkeys(after.labels)),
        waiting_since=(step.waiting_since or before.waiting_since or now) if after.is_waiting else None,
        resolved_at=(before.resolved_at or now) if after.status is Status.RESOLVED else None,
        assigned_at=before.assigned_at if same_assignee else now if after.assignee_id else None,
        snoozed_until=after.snoozed_until if after.status is Status.SNOOZED else None,
        had_by_id=_had_by(before, step),
        awaiting=None if after.status is Status.RESOLVED else after.awaiting,
        assigned_by_engine=before.assigned_by_engine and same_assignee and after.assignee_id is not None,
        overflow_team_id=before.overflow_team_id if same_assignee else None,
        **(FORGOTTEN if after.status is Status.RESOLVED else {}),
    )


def without_hold(before: ConversationRow, after: ConversationRow) -> ConversationRow:
    """Return the row without its hold if a decision here ends it: another assignee, or the end of the conversation."""
    ends = after.assignee_id != before.assignee_id or after.status is Status.RESOLVED
    return replace(after, held_until=None, held_for=None) if ends else after


def _had_by(before: ConversationRow, step: Transition) -> int | None:
    """Return the former assignee after a release by hand; runs pass this agent over until the next assignment (E74)."""
    if step.row.assignee_id is not None or step.row.status is Status.RESOLVED:
        return None
    by_hand = before.assignee_id is not None and step.why is None
    return before.assignee_id if by_hand else before.had_by_id


def with_message(row: ConversationRow, said: Message, *, at: datetime) -> ConversationRow:
    """Return the row after a message; a customer's message reopens a resolved or snoozed conversation.

    A late or automatic message does not change the side that must answer next.
    """
    if said.automatic:
        return replace(row, last_activity_at=max(row.last_activity_at, at))
    incoming = said.message_type is MessageType.INCOMING
    reopens = incoming and row.status in REOPENED_BY_CUSTOMER
    next_is = Awaiting.AGENT if incoming else Awaiting.CUSTOMER
    row = row if incoming else _replied(row, at)
    return replace(
        row,
        status=Status.OPEN if reopens else row.status,
        awaiting=next_is if at >= row.last_activity_at else row.awaiting,
        last_activity_at=max(row.last_activity_at, at),
    )


def _replied(row: ConversationRow, at: datetime) -> ConversationRow:
    """Return the row with an agent's reply at this instant."""
    replied_at = at if row.replied_at is None else max(row.replied_at, at)
    return replace(row, first_reply_at=row.first_reply_at or at, replied_at=replied_at)


def kept_or_released(row: ConversationRow, standing: AssigneeStatus, *, incoming: bool = False) -> Transition:
    """Release a conversation if its assignee is inactive, has left the inbox (E31), or is away as it arrives (E36)."""
    if not standing.active:
        return _released(row, AssignmentSource.AGENT_REMOVED)
    if row.assigned_by_engine and not standing.is_member:
        return _released(row, AssignmentSource.LEFT_INBOX)
    if incoming and standing.availability is Presence.AWAY_AND_REASSIGNING:
        return _released(row, AssignmentSource.CUSTOMER_WROTE_TO_ABSENT_AGENT)
    return Transition(row)


def snooze_ended(row: ConversationRow, standing: AssigneeStatus | None) -> Transition:
    """Open the conversation again; its assignee stays only as an active member of its inbox and team."""
    opened = replace(row, status=Status.OPEN)
    stays = standing is None or (standing.active and standing.is_member)
    return Transition(opened) if stays else _released(opened, AssignmentSource.SNOOZE_ENDED)


def came_back(row: ConversationRow, why: ReturnReason, now: datetime) -> Transition:
    """Release a conversation from an agent who does not answer; runs pass this agent over from now on (E65)."""
    agent_id = row.assignee_id
    had = [pair for pair in zip(row.returned_from, row.returned_ats, strict=True) if pair[0] != agent_id]
    if agent_id is None:
        raise ValueError("only an assigned conversation comes back")
    agents, instants = zip(*had, (agent_id, now), strict=True)
    back = replace(row, returns=row.returns + 1, returned_from=agents, returned_ats=instants)
    return _released(back, AssignmentSource(why.value))


def _released(row: ConversationRow, why: AssignmentSource) -> Transition:
    return Transition(replace(row, assignee_id=None), why)


def may_be_assigned_now(before: ConversationRow, after: ConversationRow) -> bool:
    """Return True if a run may now assign it: it waits newly, in another inbox or team, or lost a label or a hold."""
    if not after.is_waiting:
        return False
    elsewhere = (after.inbox_id, after.team_id) != (before.inbox_id, before.team_id)
    requires_less = bool(set(before.required_skills) - set(after.required_skills))
    freed = requires_less or bool(set(before.labels) - set(after.labels)) or _is_held_shorter(before, after)
    return not before.is_waiting or elsewhere or freed


def _is_held_shorter(before: ConversationRow, after: ConversationRow) -> bool:
    """Return whether its hold ends earlier than it did."""
    return before.held_until is not None and (after.held_until is None or after.held_until < before.held_until)


def slot_freed_for(before: ConversationRow, after: ConversationRow) -> int | None:
    """Return the agent with a free slot after a resolution, snooze, release or transfer; otherwise None."""
    return before.holder_id if after.holder_id != before.holder_id else None
