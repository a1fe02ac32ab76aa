"""What several pages ask for, and point at."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose board: the whole account's, or the inboxes of one member."""

    account_id: int
    member_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """A conversation and the instant that something about it began."""

    conversation_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that a filter can be set to."""

    id: int
    name: str
