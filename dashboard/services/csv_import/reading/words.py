"""The words of helpdesks for statuses, priorities and empty values, with Evenhand's values for them."""

import re
from collections.abc import Mapping

from dashboard.engine.model import Status
from dashboard.services.csv_import.reading.names import folded

# Empty in every column, subjects included.
ABSENT = frozenset({"", "-", "\\n", "null", "(null)"})
# Empty in every column but subjects; the last ones occur in columns of agents and groups.
NOTHING = ABSENT | {
    "--", "?", "na", "n/a", "#n/a", "none", "nil", "(empty)", "(blank)", "no agent", "no group", "nobody",
    "unassigned", "not assigned",
}  # fmt: skip
# Empty in columns of instants: also the zero date of MySQL, and the values of boolean columns.
NEVER = NOTHING | {"0", "false", "no", "never", "unresolved", "0000-00-00", "0000-00-00 00:00:00"}

# Zendesk, Freshdesk, ServiceNow, Jira. A customer's message ends "snoozed" and not "pending".
STATUSES: Mapping[Status, tuple[str, ...]] = {
    Status.OPEN: (
        "open", "new", "reopened", "re-opened", "in progress", "work in progress", "active", "assigned", "accepted",
        "to do", "todo", "backlog", "selected for development", "in review", "escalated", "waiting for support",
        "awaiting agent", "waiting on agent",
    ),
    Status.PENDING: (
        "pending", "hold", "on hold", "awaiting problem", "awaiting change", "awaiting vendor", "awaiting evidence",
        "awaiting approval", "awaiting third party", "waiting on third party", "waiting for approval", "blocked",
        "pending vendor", "pending change",
    ),
    Status.SNOOZED: (
        "snoozed", "awaiting user info", "awaiting caller", "awaiting customer", "awaiting reply", "awaiting response",
        "awaiting your reply", "waiting on customer", "waiting for customer", "waiting for user", "pending customer",
    ),
    Status.RESOLVED: (
        "resolved", "solved", "closed", "done", "complete", "completed", "fixed", "closed complete",
        "closed incomplete", "closed skipped", "closed/skipped", "cancelled", "canceled", "declined", "rejected",
        "won't do", "duplicate", "merged", "spam", "deleted",
    ),
}  # fmt: skip
PRIORITIES: Mapping[int, tuple[str, ...]] = {
    1: ("critical", "urgent", "highest", "blocker", "emergency", "immediate"),
    2: ("high", "major"),
    3: ("medium", "normal", "moderate", "standard", "average"),
    4: ("low", "lowest", "minor", "trivial"),
}
STATUS_OF = {word: status for status, words in STATUSES.items() for word in words}
PRIORITY_OF = {word: priority for priority, words in PRIORITIES.items() for word in words}
# "2", "2.0", "P2", "2 - High", "2 (high)": the number decides.
NUMBERED = re.compile(r"(?:p|priority )?(\d{1,18})(?:[.,]0+)?(?:\s*[-:(].*)?", re.ASCII)


def is_absent(text: str) -> bool:
    """Return whether a value is empty in any column."""
    return folded(text) in ABSENT


def is_nothing(text: str) -> bool:
    """Return whether a value is empty in a column other than the subject."""
    return folded(text) in NOTHING


def is_never(text: str) -> bool:
    """Return whether a value is empty in a column of instants."""
    return folded(text) in NEVER


def status(text: str) -> Status | None:
    """Return the status for a helpdesk's word, None for an unknown word."""
    words = folded(text).replace("\u2019", "'")
    return STATUS_OF.get(words) or STATUS_OF.get(words.replace("-", " ").replace("_", " "))


def priority(text: str) -> int | None:
    """Return the priority, 1 (critical) to 4, for a number or a word; None for any other."""
    words = folded(text)
    if numbered := NUMBERED.fullmatch(words):
        return number if 1 <= (number := int(numbered[1])) <= 4 else None
    return PRIORITY_OF.get(words.removesuffix(" priority"))
