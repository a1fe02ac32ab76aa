"""Tables as CSV files, with cells that no spreadsheet runs as formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

# Characters that begin a formula in a spreadsheet.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """Return a table as a download."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerows([escape_formula(cell) for cell in row] for row in (head, *rows))
    response = Response(written.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def escape_formula(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet reads as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
