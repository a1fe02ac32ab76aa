"""Returns: conversations that come back from agents who do not answer them (E64, E65)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dashboard.engine.hours import BusinessHours
from dashboard.engine.policy import AssignmentPolicy


class ReturnReason(StrEnum):
    """Why a conversation comes back."""

    NO_REPLY = "no_reply"
    AGENT_ABSENT = "agent_absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldConversation:
    """An open conversation with its assignee, reduced to the fields that decide about its return.

    `replied_at` is the last message of an agent. `absent_since` is None while the assignee is present.
    """

    assigned_at: datetime
    assigned_by_engine: bool
    is_unanswered: bool
    returns: int = 0
    replied_at: datetime | None = None
    absent_since: datetime | None = None

    @property
    def has_reply(self) -> bool:
        """Return whether its agent has written since the assignment."""
        return self.replied_at is not None and self.replied_at >= self.assigned_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLimits:
    """The last instants from which the minutes of each rule have passed; None: no instant is that long ago.

    What was assigned at `no_reply_at` or earlier has waited long enough for a reply. Whoever is absent since
    `absent_at` or earlier is absent long enough.
    """

    no_reply_at: datetime | None = None
    absent_at: datetime | None = None


def limits(policy: AssignmentPolicy, hours: BusinessHours | None, now: datetime) -> ReturnLimits:
    """Return the limits at this moment; minutes run in open hours only (E62)."""
    return ReturnLimits(
        no_reply_at=_ago(policy.return_after, hours, now), absent_at=_ago(policy.return_when_absent, hours, now)
    )


def reason(held: HeldConversation, policy: AssignmentPolicy, limits: ReturnLimits) -> ReturnReason | None:
    """Return why the conversation comes back now, were there no limit of returns; None: it stays."""
    if not held.assigned_by_engine and not policy.return_by_hand_too:
        return None
    if not held.has_reply and _is_past(held.assigned_at, limits.no_reply_at):
        return ReturnReason.NO_REPLY
    if held.is_unanswered and held.absent_since is not None:
        # Whoever was absent before that is given the whole time.
        since = max(held.absent_since, held.assigned_at)
        return ReturnReason.AGENT_ABSENT if _is_past(since, limits.absent_at) else None
    return None


def is_used_up(returns: int, policy: AssignmentPolicy) -> bool:
    """Return whether the conversation has come back as often as its policy allows (E65)."""
    return returns >= policy.max_returns


def _ago(minutes: int | None, hours: BusinessHours | None, now: datetime) -> datetime | None:
    if minutes is None:
        return None
    return hours.before_open(now, minutes) if hours else now - timedelta(minutes=minutes)


def _is_past(since: datetime, limit: datetime | None) -> bool:
    return limit is not None and since <= limit
