"""Verdicts: why one agent may take one conversation, or may not (E18, E49)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from dashboard.engine.model import Presence


class VerdictKind(StrEnum):
    """Why one agent may not take one conversation, or that they may (E49)."""

    ELIGIBLE = "eligible"
    NOT_A_MEMBER = "not_a_member"
    NOT_ONLINE = "not_online"
    RATE_LIMITED = "rate_limited"
    AT_CAPACITY = "at_capacity"
    AT_TOTAL_CAPACITY = "at_total_capacity"
    AT_TEAM_LIMIT = "at_team_limit"
    OPTED_OUT = "opted_out"
    LACKS_SKILL = "lacks_skill"
    HAD_IT = "had_it"
    PACED = "paced"


@dataclass(frozen=True, slots=True)
class Eligible:
    """The agent may take the conversation."""

    kind = VerdictKind.ELIGIBLE


@dataclass(frozen=True, slots=True)
class NotAMember:
    """The agent is a member of neither this inbox nor this team (E11)."""

    kind = VerdictKind.NOT_A_MEMBER


@dataclass(frozen=True, slots=True)
class NotOnline:
    """The policy assigns nothing to agents with this presence (E13)."""

    presence: Presence
    kind = VerdictKind.NOT_ONLINE


@dataclass(frozen=True, slots=True)
class RateLimited:
    """The agent reached the rate limit; `free_at` is the instant of the next slot, None if unknown (E14, E41)."""

    count: int
    limit: int
    free_at: datetime | None
    kind = VerdictKind.RATE_LIMITED


@dataclass(frozen=True, slots=True)
class AtCapacity:
    """The agent reached their limit of open conversations in this inbox (E15)."""

    open: int
    limit: int
    kind = VerdictKind.AT_CAPACITY


@dataclass(frozen=True, slots=True)
class AtTotalCapacity:
    """The agent reached their limit of open conversations in all inboxes (E16)."""

    open: int
    limit: int
    kind = VerdictKind.AT_TOTAL_CAPACITY


@dataclass(frozen=True, slots=True)
class AtTeamLimit:
    """The agent reached the team's maximum of open conversations (E17)."""

    open: int
    limit: int
    kind = VerdictKind.AT_TEAM_LIMIT


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The agent's membership is switched off for automatic assignment (E57)."""

    kind = VerdictKind.OPTED_OUT


@dataclass(frozen=True, slots=True)
class LacksSkill:
    """The agent does not have all skills that the conversation requires (E58)."""

    missing: tuple[str, ...]
    kind = VerdictKind.LACKS_SKILL


@dataclass(frozen=True, slots=True)
class Paced:
    """The agent was assigned a conversation less than one pace ago; `free_at` is the end of the pace (E61)."""

    free_at: datetime
    kind = VerdictKind.PACED


@dataclass(frozen=True, slots=True)
class HadIt:
    """Somebody released the conversation from the agent, and another agent may take it (E74)."""

    released_at: datetime | None
    kind = VerdictKind.HAD_IT


Verdict: TypeAlias = (
    Eligible
    | NotAMember
    | OptedOut
    | LacksSkill
    | NotOnline
    | HadIt
    | RateLimited
    | Paced
    | AtCapacity
    | AtTotalCapacity
    | AtTeamLimit
)
ELIGIBLE = Eligible()
