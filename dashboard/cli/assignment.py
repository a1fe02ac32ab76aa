"""flask run-assignment, flask sweep and flask migrate, and the registration of flask import."""

import json
import sys
from dataclasses import replace

import click
from flask import Flask
from flask.cli import with_appcontext

from dashboard import starting
from dashboard.api.assignment.runs import RunSchema
from dashboard.cli.csv_import import import_file
from dashboard.config import Settings
from dashboard.engine.decisions import Outcome, Source
from dashboard.http import unit_of_work
from dashboard.services.assignment import run as assignment_run
from dashboard.services.assignment import runs
from dashboard.services.assignment.run import RunRequest
from dashboard.services.core.form_fields import LARGEST_ID
from dashboard.store.inboxes import routing
from dashboard.store.postgres import database

ID = click.IntRange(1, LARGEST_ID)


def register(app: Flask, settings: Settings) -> None:
    """Add the commands to the application's own."""
    for command in (import_file, sweep, run_assignment(settings), migrate(settings)):
        app.cli.add_command(command)


@click.command()
@with_appcontext
def sweep() -> None:
    """Start a run for every inbox with work, in all accounts."""
    click.echo(json.dumps({"started": assignment_run.sweep(unit_of_work())}))


def run_assignment(settings: Settings) -> click.Command:
    """Return the command that runs the engine in its own process."""

    @click.command("run-assignment")
    @click.option("--inbox", "inbox_id", type=ID, required=True, help="The inbox's id.")
    @with_appcontext
    def command(inbox_id: int) -> None:
        """Assign the waiting conversations of an inbox in this process, and print the run."""
        account_id = routing.account_of(unit_of_work().session, inbox_id)
        if account_id is None:
            raise click.ClickException(f"There is no inbox {inbox_id}.")
        # A batch needs a session that keeps one connection.
        with database.connect(settings.database_url).connect() as connection, database.Session(connection) as session:
            request = RunRequest(source=Source.MANUAL)
            result = assignment_run.run_inbox(
                replace(unit_of_work(), session=session), account_id, inbox_id, request=request
            )
        run = runs.show(unit_of_work(), account_id, result.run_id) if result and result.run_id else None
        if run is None:
            raise click.ClickException("The run could not be recorded; the log says why.")
        click.echo(json.dumps(RunSchema().dump(run)))
        sys.exit(1 if run.outcome == Outcome.ERROR else 0)

    return command


def migrate(settings: Settings) -> click.Command:
    """Return the command that migrates the tables."""

    @click.command("migrate")
    def command() -> None:
        """Migrate the database's tables; several processes may do this at once."""
        with starting.or_exit():
            database.migrate(settings.database_url)

    return command
