"""flask backup and flask restore: all data of Postgres, into one file and back."""

from pathlib import Path

import click
from flask import Flask

from dashboard.config import Settings
from dashboard.stack import archives
from dashboard.stack.archives import BadArchive


def register(app: Flask, settings: Settings) -> None:
    """Add the commands to the application's own."""
    for command in (backup(settings), restore(settings)):
        app.cli.add_command(command)


def backup(settings: Settings) -> click.Command:
    """Return the command that writes a backup."""

    @click.command("backup")
    @click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
    def command(file: Path) -> None:
        """Write all data of this moment into a FILE; the service may go on.

        The file holds password hashes and webhook secrets: keep it as safe as the database.
        """
        try:
            archives.write(settings.database_url, file)
        except BadArchive as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{file}: {file.stat().st_size:,} bytes")

    return command


def restore(settings: Settings) -> click.Command:
    """Return the command that restores a backup."""

    @click.command("restore")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    def command(file: Path) -> None:
        """Put a backup FILE into an instance that has no accounts; tables of an older release are brought up to date.

        Whose turn it was is not in it. Everybody logs in again, and invitations are made anew.
        """
        try:
            archives.restore(settings.database_url, file)
        except BadArchive as error:
            raise click.ClickException(str(error)) from error
        click.echo(f"{file} is restored.")

    return command
