"""flask import: conversations from a CSV file."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import click
from flask.cli import with_appcontext

from dashboard import clock
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import LARGEST_ID
from dashboard.services.csv_import.reading import files
from dashboard.services.csv_import.reading.files import ImportFile, ImportOptions
from dashboard.services.csv_import.reading.instants import DateOrder
from dashboard.services.csv_import.reading.layout import BadFile
from dashboard.services.csv_import.reading.notes import NoteKind, counted
from dashboard.services.csv_import.reading.rows import BadRow
from dashboard.services.csv_import.writing import targets, writing
from dashboard.services.csv_import.writing.targets import Targets
from dashboard.services.csv_import.writing.writing import Import


def _zone(_context: click.Context, _option: click.Parameter, name: str) -> ZoneInfo:
    if name not in available_timezones():
        raise click.BadParameter(f"There is no time zone {name}; an example is Europe/Berlin.")
    return ZoneInfo(name)


def _separator(_context: click.Context, _option: click.Parameter, text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise click.BadParameter("It is one character, such as a comma.")
    return text


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", "account_id", type=click.IntRange(1, LARGEST_ID), required=True, help="The account's id.")
@click.option("--inbox-column", help="The column with the inbox's name, if it is not recognised.")
@click.option("--label-separator", default=" ", callback=_separator, help="Between labels; a space unless given.")
@click.option(
    "--dates",
    type=click.Choice([order.value for order in DateOrder]),
    help="Order of day and month, if the file does not show it.",
)
@click.option("--timezone", default="UTC", callback=_zone, show_default=True, help="Of instants that name none.")
@click.option("--as-of-now", is_flag=True, help="Move all times so that the latest created_at is now.")
@click.option("--update", is_flag=True, help="Close what the file has closed since it was imported.")
@click.option("--hold", is_flag=True, help="Switch automatic assignment off in the inboxes that get waiting rows.")
@click.option("--strict", is_flag=True, help="Write nothing if any row is bad, or looks like several rows.")
@with_appcontext
def import_file(
    file: Path, *, account_id: int, dates: DateOrder | None, strict: bool, update: bool, hold: bool, **reading: Any
) -> None:
    """Import the conversations of a CSV FILE. A file that is imported again adds only its new rows.

    The header names the columns external_id, inbox and created_at, and may name contact, subject, labels, priority,
    status, assigned_at, resolved_at, handled_by and team. The column names of Zendesk, Freshdesk, ServiceNow and Jira
    are recognised; other columns are ignored. Separators: comma, semicolon, tab. Encodings: UTF-8, UTF-16 with its
    mark, Windows-1252.

    Missing inboxes, labels and agents are created. An agent is found by address or by name, in any case. A new agent
    becomes a member of the inboxes of their rows, cannot log in, and is offline. A new inbox gets the assignment
    policy "Imported inboxes". Teams are not created.

    The status decides whether a row is open, pending, snoozed or resolved; without one, resolved_at does. An open row
    belongs to the agent in handled_by, and waits if there is none. A row with a resolved_at in the future is bad;
    with --as-of-now it is open and waits. Labels are separated by spaces, a label in quotes may hold some; several
    columns of labels are joined.

    Bad rows are left out and reported with their line, and the command ends with 1. Other values that cannot be read
    are left empty or cut, and counted.
    """
    now = clock.now()
    found = _opened(
        file, ImportOptions(now=now, order=DateOrder(dates) if dates else None, zone=reading.pop("timezone"), **reading)
    )
    if strict:
        _check(file, found, targets.load(unit_of_work(), account_id))
    report = writing.import_rows(
        unit_of_work(),
        Import(account_id=account_id, now=now, update=update, hold=hold),
        found.rows(),
        refuse=lambda bad: _tell(_bad(file, bad)),
        progress=_progress(found.count),
    )
    if report is None:
        raise click.ClickException(f"There is no account {account_id}.")
    click.echo(json.dumps(report.counts))
    _tell(*report.sentences)
    sys.exit(1 if report.bad else 0)


def _opened(file: Path, wanted: ImportOptions) -> ImportFile:
    found = files.prepare(file, wanted)
    if isinstance(found, BadFile):
        raise click.ClickException(f"{file}: {found.sentence}")
    _tell(*found.remarks)
    return found


def _check(file: Path, found: ImportFile, known: Targets | None) -> None:
    """Read the whole file before anything is written; one bad row refuses the file."""
    bad = 0
    for row in found.rows():
        judged = known.judged(row) if known else row
        if isinstance(judged, BadRow):
            bad += 1
            _tell(_bad(file, judged))
            continue
        for note in judged.notes:
            if note.kind is NoteKind.LIKE_ROWS:
                bad += 1
                _tell(f"{file}, line {judged.line}: {note.sentence}.")
    if bad:
        raise click.ClickException(f"{counted(bad, 'bad row')}; nothing was imported.")


def _bad(file: Path, row: BadRow) -> str:
    return f"{file}, line {row.line}: {row.message}"


def _tell(*sentences: str) -> None:
    for sentence in sentences:
        click.echo(sentence, err=True)


def _progress(total: int) -> Callable[[int], None]:
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        _tell(f"{done:,} of {total:,} rows")

    return advance
