"""The choices of policies and teams with their titles, and windows in units, for forms and for the audit log."""

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from dashboard.engine import policy_fields as kinds
from dashboard.engine import selectors
from dashboard.engine.policy import DEFAULT_WINDOW_SECONDS, POLICY_FIELDS, ConversationPriority
from dashboard.engine.policy_fields import PRIORITY_KEYS
from dashboard.engine.sentences.policy_text import PRIORITIES

# The largest first: a window is shown in the first unit that divides it.
UNITS = {"days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One of several choices, with an honest sentence about it."""

    value: StrEnum
    title: str
    sentence: str


ORDERS = (
    Card(
        value=ConversationPriority.EARLIEST_CREATED,
        title="Created first",
        sentence="An old conversation that waits again goes ahead of every newer one.",
    ),
    Card(
        value=ConversationPriority.LONGEST_WAITING,
        title="Longest waiting",
        sentence="The one without activity for longest goes first; whoever writes again moves back.",
    ),
    Card(
        value=ConversationPriority.SOONEST_DUE,
        title="Soonest due",
        sentence="By the targets: an urgent one overtakes, and every wait has an end.",
    ),
)
# Titles of the targets' fields by their keys.
TARGET_TITLES = dict(zip(PRIORITY_KEYS, (name.capitalize() for name in PRIORITIES), strict=True))
SELECTORS = tuple(
    Card(value=order, title=entry.label, sentence=entry.sentence)
    for order, entry in selectors.SELECTORS.items()
    if order in cast(kinds.WordField, POLICY_FIELDS["assignment_order"]).offered
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A window as it is typed: a number of units."""

    count: str
    unit: str


def span_of(seconds: int | None) -> Span:
    """Return a window in the largest unit that it is a whole number of."""
    seconds = seconds or DEFAULT_WINDOW_SECONDS
    unit = next(unit for unit, length in UNITS.items() if seconds % length == 0)
    return Span(count=str(seconds // UNITS[unit]), unit=unit)
