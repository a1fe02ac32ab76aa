"""Why nothing moves in an inbox, and how loud to say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dashboard.engine import planner
from dashboard.engine.decisions import Funnel, Reason
from dashboard.engine.model import ConnectionMode
from dashboard.services.assignment.run_results import WaitingByReason
from dashboard.services.board.agent_status import StatusReader
from dashboard.store.board.inboxes import InboxFigures

# A wait of this length needs somebody even when its reason would end by itself.
LONG = timedelta(minutes=10)
# By then a run has given out what could be given.
SOON = timedelta(seconds=30)
# Reasons that no time will end: a person must do something.
STUCK = frozenset({
    Reason.NO_MEMBERS,
    Reason.NOBODY_ONLINE,
    Reason.NOBODY_SKILLED,
    Reason.FEATURE_OFF,
    Reason.NO_POLICY,
    Reason.POLICY_DISABLED,
    Reason.INBOX_OFF,
    Reason.TWO_ENGINES,
    Reason.STORE_UNAVAILABLE,
    Reason.INTERNAL_ERROR,
})  # fmt: skip
# Reasons of the conversations themselves: they stand whoever is free.
OF_THE_CONVERSATION = frozenset({
    Reason.TEAM_MANUAL,
    Reason.EXCLUDED_LABEL,
    Reason.EXCLUDED_AGE,
    Reason.CONTACT_BEING_SERVED,
    Reason.KEPT_FOR_PREFERRED,
    Reason.SETTLING,
    Reason.HANDS_OFF,
})  # fmt: skip


class Level(StrEnum):
    """How loud something is."""

    CALM = "calm"
    ATTENTION = "attention"
    ACTION = "action"


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxStatus:
    """Why nothing moves in an inbox; without a reason somebody could take it, and yet no run has given it.

    `free_at` is when the first rate-limited agent may take something again, `opens_at` when closed hours open.
    """

    reason: Reason | None
    level: Level
    funnel: Funnel | None = None
    free_at: datetime | None = None
    opens_at: datetime | None = None
    kept: tuple[WaitingByReason, ...] = ()


def why(inbox: InboxFigures, floor: StatusReader, left: Mapping[Reason, int], now: datetime) -> InboxStatus | None:
    """Return why nothing moves: the switch that is off, the gate at which all fell, or what the last run left."""
    off = planner.switched_off(inbox.inbox, inbox.policy, now)
    if off is Reason.OUTSIDE_HOURS and inbox.inbox.hours:
        return InboxStatus(reason=off, level=Level.CALM, opens_at=inbox.inbox.hours.opens_at(now))
    if off or not inbox.waiting:
        return _said(inbox, off, now) if off else None
    if inbox.inbox.mode is ConnectionMode.SHADOW:
        return InboxStatus(reason=Reason.SHADOW, level=Level.CALM)
    if not floor.known:
        return _said(inbox, Reason.STORE_UNAVAILABLE, now)
    closed = floor.closed(inbox)
    state = closed or floor.usual(inbox)
    kept = tuple(WaitingByReason(reason=r, count=n) for r, n in sorted(left.items(), key=lambda part: -part[1]))
    whole = sum(part.count for part in kept) == inbox.waiting
    apart = whole and all(part.reason in OF_THE_CONVERSATION for part in kept)
    reason = _commonest(kept) if closed is None or apart else closed.reason
    if reason is None and inbox.oldest and now - inbox.oldest.at < SOON:
        return None
    parts = kept if whole and len(kept) > 1 else ()
    free_at = state.next_slot_at if reason is Reason.ALL_RATE_LIMITED else None
    return replace(_said(inbox, reason, now), funnel=state.funnel, free_at=free_at, kept=parts)


def _commonest(kept: Sequence[WaitingByReason]) -> Reason | None:
    return next((part.reason for part in kept if part.reason is not Reason.LOST_RACE), None)


def _said(inbox: InboxFigures, reason: Reason | None, now: datetime) -> InboxStatus:
    long = inbox.oldest is not None and now - inbox.oldest.at >= LONG
    stuck = Level.ACTION if reason is None or reason in STUCK or long else Level.ATTENTION
    return InboxStatus(reason=reason, level=stuck if inbox.waiting else Level.CALM)
