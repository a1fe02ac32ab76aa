"""Files for an import, read and brought in as the command does."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from dashboard.services.csv_import.reading import files
from dashboard.services.csv_import.reading.files import ImportFile, ImportOptions
from dashboard.services.csv_import.reading.layout import BadFile
from dashboard.services.csv_import.reading.rows import BadRow, ImportRow
from dashboard.services.csv_import.writing import writing
from dashboard.services.csv_import.writing.report import ImportReport
from dashboard.services.csv_import.writing.writing import Import
from tests.desks import NOON, Acme


@dataclass(slots=True)
class Done:
    """The report of an import, and the rows that it refused."""

    report: ImportReport
    bad: list[BadRow] = field(default_factory=list)

    @property
    def notes(self) -> dict[str, int]:
        """Return how many notes of each kind there were."""
        return {key: tally.count for key, tally in self.report.notes.by_key.items()}


def written(path: Path, text: str | bytes) -> Path:
    """Write a file as it is, without any translation of its line ends."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def prepared(path: Path, *, now: datetime = NOON, **wanted: object) -> ImportFile | BadFile:
    """Return the file as the command sees it before the first row."""
    return files.prepare(path, ImportOptions(**{"now": now, "zone": UTC, **wanted}))  # type: ignore[arg-type]


def found_in(path: Path, **wanted: object) -> Iterator[ImportRow | BadRow]:
    """Read a file that can be imported."""
    found = prepared(path, **wanted)
    assert isinstance(found, ImportFile), found
    return found.rows()


def bring_in(
    acme: Acme, path: Path, *, now: datetime = NOON, update: bool = False, hold: bool = False, **wanted: object
) -> Done:
    """Import a file into Acme."""
    bad: list[BadRow] = []
    report = writing.import_rows(
        acme.work,
        Import(account_id=acme.account_id, now=now, update=update, hold=hold),
        found_in(path, now=now, **wanted),
        refuse=bad.append,
        progress=lambda _: None,
    )
    assert report is not None
    return Done(report, bad)
