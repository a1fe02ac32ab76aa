"""flask import, flask run-assignment and flask sweep: what is done to a desk from the command line."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from dashboard import clock
from dashboard.http import desk
from dashboard.services import assignment, import_rows, imports
from dashboard.services.import_rows import BadFile, Read


def register(app: Flask) -> None:
    """Add the commands to the application's own."""
    for command in (import_file, sweep):
        app.cli.add_command(command)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", "account_id", type=int, required=True, help="The account's id.")
@click.option("--inbox-column", default="inbox", show_default=True, help="The column with the inbox's name.")
@click.option("--as-of-now", is_flag=True, help="Move all times so that the latest created_at is now.")
@click.option("--strict", is_flag=True, help="Write nothing if any row is bad.")
@with_appcontext
def import_file(file: Path, *, account_id: int, inbox_column: str, as_of_now: bool, strict: bool) -> None:
    """Bring in the conversations of a CSV FILE, once however often it is done.

    Its header names the columns external_id, inbox, contact, subject, labels, priority, created_at, resolved_at and
    handled_by; the first, the inbox and created_at are needed, others are ignored.

    Inboxes, labels and agents that are missing are made. Who is named in handled_by becomes a member of the inbox if
    either of them is new. A new inbox gets the assignment policy "Imported inboxes". New agents cannot log in, and are
    offline until something sends heartbeats for them.

    Rows whose resolved_at is past come in resolved, all others open. Bad rows are left out, and reported with their
    line.
    """
    found = _read(file, inbox_column)
    for bad in found.bad:
        click.echo(f"{file}, line {bad.line}: {bad.message}", err=True)
    if found.bad and strict:
        raise click.ClickException(f"{len(found.bad)} bad rows, and nothing was imported.")
    now = clock.now()
    rows = import_rows.moved_to(now, found.rows) if as_of_now else found.rows
    done = imports.bring_in(desk(), account_id, rows, now=now, progress=_progress(len(rows)))
    if done is None:
        raise click.ClickException(f"There is no account {account_id}.")
    click.echo(json.dumps({**asdict(done), "bad": len(found.bad)}))
    sys.exit(1 if found.bad else 0)


@click.command()
@with_appcontext
def sweep() -> None:
    """Start a run for every inbox that has work, over all accounts."""
    click.echo(json.dumps({"started": assignment.sweep(desk())}))


def _read(file: Path, inbox_column: str) -> Read:
    """Read the file; what is not UTF-8 spoils only the rows that it stands in."""
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as lines:
        found = import_rows.read(lines, inbox_column=inbox_column)
    if isinstance(found, BadFile):
        raise click.ClickException(f"{file}: {found.sentence}")
    return found


def _progress(total: int) -> Callable[[int], None]:
    done = 0

    def say(count: int) -> None:
        nonlocal done
        done += count
        click.echo(f"{done:,} of {total:,} rows", err=True)

    return say
