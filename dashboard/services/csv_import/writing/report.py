"""The report of an import: counts, and a line for each kind of dropped value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from dashboard.services.csv_import.reading.notes import NoteKind, Tallies, counted


@dataclass(slots=True)
class ImportReport:
    """Counts of an import: `waiting` by inbox; `held` maps ids to names of inboxes with assignment switched off."""

    created: int = 0
    existing: int = 0
    updated: int = 0
    bad: int = 0
    inboxes: int = 0
    agents: int = 0
    to_be_assigned: int = 0
    waiting: Counter[int] = field(default_factory=Counter)
    held: dict[int, str] = field(default_factory=dict)
    notes: Tallies = field(default_factory=Tallies)

    @property
    def counts(self) -> Mapping[str, object]:
        """Return the counts for programs."""
        return {
            "created": self.created,
            "existing": self.existing,
            "updated": self.updated,
            "bad": self.bad,
            "inboxes": self.inboxes,
            "agents": self.agents,
            "cut": self.notes.count(NoteKind.CUT),
            "waiting": self.waiting.total(),
            "to_be_assigned": self.to_be_assigned,
            "notes": {key: tally.count for key, tally in self.notes.by_key.items()},
        }

    @property
    def sentences(self) -> list[str]:
        """Return the report for people; the last line has the number of conversations to be assigned."""
        return [*self.notes.sentences, self._counted, self._ahead]

    @property
    def _counted(self) -> str:
        counts = {
            "imported": self.created,
            "there before": self.existing,
            "updated": self.updated,
            "bad": self.bad,
        }
        said = ", ".join(f"{count:,} {word}" for word, count in counts.items())
        return f"Rows: {said}. New: {counted(self.inboxes, 'inbox')}, {counted(self.agents, 'agent')}."

    @property
    def _ahead(self) -> str:
        said = f"{counted(self.waiting.total(), 'new conversation')} waiting; {self.to_be_assigned:,} to be assigned."
        if not self.held:
            return said
        names = ", ".join(self.held.values())
        return f"{said} Automatic assignment is off in {names} until somebody switches it on."
