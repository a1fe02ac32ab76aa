"""flask import, flask run-assignment and flask sweep: what is done to a desk from the command line."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext

from dashboard import clock
from dashboard.api.runs import RunSchema
from dashboard.config import Settings
from dashboard.engine.decisions import Outcome, Source
from dashboard.http import desk
from dashboard.services import assignment, import_rows, imports, runs
from dashboard.services.assignment import Request
from dashboard.services.forms.fields import LARGEST_ID
from dashboard.services.import_rows import BadFile, Read
from dashboard.store import database, switches

ID = click.IntRange(1, LARGEST_ID)


def register(app: Flask, settings: Settings) -> None:
    """Add the commands to the application's own."""
    for command in (import_file, sweep, run_assignment(settings), migrate(settings)):
        app.cli.add_command(command)


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", "account_id", type=ID, required=True, help="The account's id.")
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


def run_assignment(settings: Settings) -> click.Command:
    """Return the command that runs the engine in its own process."""

    @click.command("run-assignment")
    @click.option("--inbox", "inbox_id", type=ID, required=True, help="The inbox's id.")
    @with_appcontext
    def command(inbox_id: int) -> None:
        """Assign what waits in an inbox, in this process, and print the run."""
        account_id = switches.account_of(desk().session, inbox_id)
        if account_id is None:
            raise click.ClickException(f"There is no inbox {inbox_id}.")
        # A batch needs a session that keeps one connection.
        with database.connect(settings.database_url).connect() as connection, database.Session(connection) as session:
            request = Request(source=Source.MANUAL)
            result = assignment.run_inbox(replace(desk(), session=session), account_id, inbox_id, request=request)
        run = runs.show(desk(), account_id, result.run_id) if result and result.run_id else None
        if run is None:
            raise click.ClickException("The run could not be recorded; the log says why.")
        click.echo(json.dumps(RunSchema().dump(run)))
        sys.exit(1 if run.outcome == Outcome.ERROR else 0)

    return command


def migrate(settings: Settings) -> click.Command:
    """Return the command that brings the tables up to date."""

    @click.command("migrate")
    def command() -> None:
        """Bring the database's tables up to date; several may do so at once."""
        database.migrate(settings.database_url)

    return command


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
