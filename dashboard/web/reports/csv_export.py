"""Tables as CSV files: what a cell says, and nothing that a spreadsheet would do."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Return a table as a file to keep."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([escape_formula(cell) for cell in row] for row in (head, *rows))
    response = Response(written.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def escape_formula(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
