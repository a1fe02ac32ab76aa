"""Files for an import, read as the command does."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dashboard.services.csv_import import files
from dashboard.services.csv_import.files import ImportFile, Wanted
from dashboard.services.csv_import.layout import BadFile
from dashboard.services.csv_import.rows import BadRow, ImportRow
from tests.desks import NOON


def written(path: Path, text: str | bytes) -> Path:
    """Write a file as it is, without any translation of its line ends."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def prepared(path: Path, *, now: datetime = NOON, **wanted: object) -> ImportFile | BadFile:
    """Return the file as the command sees it before the first row."""
    return files.prepare(path, Wanted(**{"now": now, "zone": UTC, **wanted}))  # type: ignore[arg-type]


def found_in(path: Path, **wanted: object) -> Iterator[ImportRow | BadRow]:
    """Read a file that can be imported."""
    found = prepared(path, **wanted)
    assert isinstance(found, ImportFile), found
    return found.rows()
