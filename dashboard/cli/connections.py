"""flask connections: the encrypted credentials of helpdesks."""

import os

import click
from flask import Flask
from flask.cli import AppGroup

from dashboard.config import Settings
from dashboard.http import unit_of_work
from dashboard.services.alerts import addresses
from dashboard.services.helpdesks import credentials

FORMER = "FORMER_SECRET_KEY"
connections_group = AppGroup("connections", help="Connections to helpdesks.")


def register(app: Flask, _settings: Settings) -> None:
    """Add the group to the application's commands."""
    app.cli.add_command(connections_group)


@connections_group.command("reseal")
def reseal() -> None:
    """Encrypt the credentials of all connections, and the addresses of alert channels, by the SECRET_KEY of today.

    The former key is read from the variable FORMER_SECRET_KEY or from a prompt: other users can see arguments.
    """
    former = os.environ.get(FORMER) or click.prompt("The former SECRET_KEY", hide_input=True)
    work = unit_of_work()
    done = credentials.reseal(work, former)
    if done.closed:
        work.abandon()
        ids = ", ".join(map(str, done.closed))
        raise click.ClickException(
            f"Neither key opens the credentials of these connections: {ids}. Nothing was changed. "
            "Try again with the right key, or disconnect them or enter their credentials again."
        )
    closed = addresses.reseal(work, former)
    work.finish()
    if closed:
        click.echo(f"Neither key opens the addresses of {closed} alert channels: create them again.", err=True)
    click.echo(f"{done.count} connection{' has' if done.count == 1 else 's have'} the new key.")
