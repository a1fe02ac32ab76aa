"""Notes on values that a row lost on import, counted by kind with the first example of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from dashboard.services.csv_import.reading.columns import Field


class NoteKind(StrEnum):
    """The reason why a value was dropped, changed or doubted."""

    UNREADABLE = "unreadable"
    UNKNOWN = "unknown"
    CUT = "cut"
    TOO_MANY = "too_many"
    WITH_COMMA = "with_comma"
    AMBIGUOUS = "ambiguous"
    DEACTIVATED = "deactivated"
    MISSING = "missing"
    EARLY = "early"
    OUTRANKED = "outranked"
    IMPLAUSIBLE = "implausible"
    NEWER = "newer"
    LIKE_ROWS = "like_rows"


SENTENCES: Mapping[NoteKind, str] = {
    NoteKind.UNREADABLE: "{field} is left empty: its value cannot be read",
    NoteKind.UNKNOWN: "{field} is left empty: its value is not known",
    NoteKind.CUT: "{field} is cut to its greatest length",
    NoteKind.TOO_MANY: "{field} are too many: the first 100 are kept",
    NoteKind.WITH_COMMA: "{field} have commas in them: if commas separate them, add --label-separator ,",
    NoteKind.AMBIGUOUS: "{field} is left empty: several agents have this name",
    NoteKind.DEACTIVATED: "{field} is left empty: this agent is deactivated, so the conversation waits",
    NoteKind.MISSING: "{field} is not given: a conversation that has ended is resolved at its last known instant",
    NoteKind.EARLY: "{field} is before created_at: the conversation is resolved at its creation",
    NoteKind.OUTRANKED: "{field} is left empty: by its status the conversation is not resolved",
    NoteKind.IMPLAUSIBLE: "{field} is left empty: it is before created_at, or after the end or now",
    NoteKind.NEWER: "{field} is ignored: the conversation has a newer message here",
    NoteKind.LIKE_ROWS: "a value over several lines has lines that look like rows: check its quotes",
}
STATUS_UNKNOWN = "status is not known: the row is open, or resolved if it has an end"


@dataclass(frozen=True, slots=True)
class Note:
    """A note on the value of a field in one row."""

    kind: NoteKind
    field: Field | None
    text: str = ""

    @property
    def key(self) -> str:
        """Return the name under which it is counted."""
        return f"{self.field}_{self.kind}" if self.field else self.kind

    @property
    def sentence(self) -> str:
        """Return the note for people."""
        if (self.field, self.kind) == (Field.STATUS, NoteKind.UNKNOWN):
            return STATUS_UNKNOWN
        return SENTENCES[self.kind].format(field=self.field)


@dataclass(slots=True)
class NoteCounts:
    """The number of notes of one kind, and the first of them."""

    first: Note
    line: int
    count: int = 0

    @property
    def sentence(self) -> str:
        """Return the line of the report."""
        rows = counted(self.count, "row")
        example = f": “{_short(self.first.text)}”" if self.first.text else ""
        return f"{rows}: {self.first.sentence} (first on line {self.line}{example})."


@dataclass(slots=True)
class Tallies:
    """The notes of a whole file, by kind; memory grows with the kinds only."""

    by_key: dict[str, NoteCounts] = field(default_factory=dict)

    def add(self, line: int, notes: Iterable[Note]) -> None:
        """Count the notes of a row, each kind once."""
        for note in {note.key: note for note in notes}.values():
            self.by_key.setdefault(note.key, NoteCounts(note, line)).count += 1

    def count(self, kind: NoteKind) -> int:
        """Return the number of notes of a kind, over all fields."""
        return sum(tally.count for tally in self.by_key.values() if tally.first.kind is kind)

    @property
    def sentences(self) -> list[str]:
        """Return a line for each kind of note."""
        return [tally.sentence for tally in self.by_key.values()]


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    ending = "" if count == 1 else "es" if noun.endswith("x") else "s"
    return f"{count:,} {noun}{ending}"


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
