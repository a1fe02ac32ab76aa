"""Values that several pages share."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The range of a page: the whole account, or one member's inboxes."""

    account_id: int
    member_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """A conversation and the start of one of its states."""

    conversation_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An option of a filter."""

    id: int
    name: str
