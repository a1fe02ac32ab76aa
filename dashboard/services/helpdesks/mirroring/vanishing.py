"""Absence needs proof: rows missing from complete readings are gone only if they are few, or a person agrees (C9)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import state
from dashboard.store.helpdesks import connections
from dashboard.store.helpdesks.connections import ConnectionRow

# More than this share at once is a fault of the reading until a person confirms it; a single one is none.
MOST_AT_ONCE = 1 / 5


class Vanishing(StrEnum):
    """The kinds that may vanish."""

    INBOXES = "inboxes"
    AGENTS = "agents"
    MEMBERS = "members"
    TEAMS = "teams"
    CONVERSATIONS = "conversations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """The rows missing from a complete reading, and the number of all rows; `where` is an inbox or team of members."""

    kind: Vanishing
    ids: Collection[str]
    of: int
    where: str = ""

    @property
    def is_too_much(self) -> bool:
        """Return whether that many at once must be confirmed."""
        return len(self.ids) > 1 and len(self.ids) > self.of * MOST_AT_ONCE

    @property
    def sentence(self) -> str:
        """Return the question to a person."""
        place = f" of {self.where}" if self.where else ""
        return (
            f"{len(self.ids)} of {self.of} {self.kind.value}{place} are missing in the helpdesk's answer. Nothing was"
            " changed: confirm that they are gone, or mend the rights of our user there."
        )


def may_go(work: UnitOfWork, connection: ConnectionRow, missing: Missing, *, now: datetime) -> bool:
    """Return whether the missing rows count as gone; too many of them become a question instead."""
    question = connection.question or {}
    is_same = (question.get("kind"), question.get("where")) == (missing.kind.value, missing.where)
    if not missing.is_too_much:
        if is_same:  # a complete reading has answered it
            connections.note(work.session, connection.id, question=None)
        return True
    named = {"kind": missing.kind.value, "where": missing.where, "count": len(missing.ids), "of": missing.of}
    if is_same and question.get("confirmed") and len(missing.ids) <= int(question.get("count", 0)):
        connections.note(work.session, connection.id, question=None)
        return True
    asked = {**named, "sentence": missing.sentence, "at": now.isoformat()}
    connections.note(work.session, connection.id, question=asked)
    state.fails(work, connection, missing.sentence, now=now)
    return False


def confirm(work: UnitOfWork, connection: ConnectionRow) -> bool:
    """Store a person's confirmation that the missing rows are gone; the next reading applies it."""
    if connection.question is None:
        return False
    question = {**connection.question, "confirmed": True}
    connections.note(work.session, connection.id, question=question, setup_read_at=None, open_read_at=None)
    return True
