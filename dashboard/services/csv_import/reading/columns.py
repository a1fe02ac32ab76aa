"""The header: the place of each field, by Evenhand's column names and those of helpdesks' exports."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dashboard.services.csv_import.reading.names import visible


class Field(StrEnum):
    """The fields of a row; several columns of labels are one field."""

    EXTERNAL_ID = "external_id"
    INBOX = "inbox"
    CONTACT = "contact"
    SUBJECT = "subject"
    LABELS = "labels"
    PRIORITY = "priority"
    STATUS = "status"
    CREATED_AT = "created_at"
    ASSIGNED_AT = "assigned_at"
    UPDATED_AT = "updated_at"
    RESOLVED_AT = "resolved_at"
    CLOSED_AT = "closed_at"
    HANDLED_BY = "handled_by"
    TEAM = "team"


# Zendesk, Freshdesk, Freshservice, ServiceNow (labels and names of columns), Jira; the first match in a file counts.
# Columns of durations, such as Zendesk's "Resolution time", are not here.
SYNONYMS: Mapping[Field, tuple[str, ...]] = {
    Field.EXTERNAL_ID: (
        "issue key", "ticket id", "ticket number", "reference number", "incident number", "case number", "number",
        "key", "id", "uuid",
    ),
    Field.INBOX: (
        "inbox name", "group", "group name", "assignment group", "project name", "project", "project key", "queue",
        "department",
    ),
    Field.CONTACT: (
        "contact email", "requester email", "customer email", "email", "requester id", "contact id", "caller id",
        "caller", "reporter", "requester", "customer", "full name",
    ),
    Field.SUBJECT: ("summary", "short description", "title"),
    Field.LABELS: ("label", "tags", "tag"),
    Field.PRIORITY: (),
    Field.STATUS: ("state", "incident state", "ticket status"),
    Field.CREATED_AT: (
        "created time", "created", "created on", "created date", "creation date", "opened at", "opened",
        "sys created on", "sys created at",
    ),
    Field.ASSIGNED_AT: ("assigned time", "assigned on", "initially assigned at"),
    Field.UPDATED_AT: (
        "updated", "updated time", "last update time", "last updated", "last modified", "sys updated on",
        "sys updated at",
    ),
    Field.RESOLVED_AT: ("solved at", "resolved time", "resolved", "resolved on", "resolution date"),
    Field.CLOSED_AT: ("closed time", "closed", "closed on", "closed date"),
    Field.HANDLED_BY: (
        "assignee email", "agent email", "assignee", "agent", "assigned to", "assigned agent", "owner", "resolved by",
    ),
    Field.TEAM: ("team name",),
}  # fmt: skip
NEEDED = (Field.EXTERNAL_ID, Field.INBOX, Field.CREATED_AT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The places of each field in a row, and the names of all columns."""

    places: Mapping[Field, tuple[int, ...]]
    header: tuple[str, ...]

    @property
    def width(self) -> int:
        """Return the number of columns of each row."""
        return len(self.header)

    @property
    def renamed(self) -> Mapping[Field, str]:
        """Return the fields that are read from columns of another name."""
        return {field: self.header[at[0]] for field, at in self.places.items() if _plain(self.header[at[0]]) != field}

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the columns that are not read."""
        read = {place for at in self.places.values() for place in at}
        return tuple(dict.fromkeys(name for place, name in enumerate(self.header) if place not in read))


@dataclass(frozen=True, slots=True)
class BadHeader:
    """The reason why no row of a file can be read."""

    why: str


def columns(header: Sequence[str], *, inbox_column: str | None = None) -> Columns | BadHeader:
    """Return the places of the fields; names are compared without case, and spaces equal underscores and hyphens."""
    names = tuple(visible(name).strip() for name in header)
    wanted = {field: (field, *SYNONYMS[field]) for field in Field}
    if inbox_column is not None:
        wanted[Field.INBOX] = (inbox_column,)
    known = {field: _first(names, synonyms) for field, synonyms in wanted.items()}
    if missing := [wanted[field][0] for field in NEEDED if not known[field]]:
        return BadHeader(f"The header must name the columns, and lacks {', '.join(missing)}.")
    places = {field: at for field, at in known.items() if at}
    if repeated := [names[at[0]] for field, at in places.items() if len(at) > 1 and field is not Field.LABELS]:
        return BadHeader(f"The header names {', '.join(repeated)} more than once; leave one.")
    return Columns(places=places, header=names)


def recognised(header: Sequence[str]) -> int:
    """Return the number of columns with a known name."""
    known = Counter(_plain(name) for name in header)
    return sum(known[_plain(name)] for field in Field for name in (field, *SYNONYMS[field]))


def _first(header: Sequence[str], synonyms: Sequence[str]) -> tuple[int, ...]:
    """Return the places of the first of these names that the header has."""
    for synonym in synonyms:
        if places := tuple(place for place, name in enumerate(header) if _plain(name) == _plain(synonym)):
            return places
    return ()


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", visible(name).strip()).casefold()
