"""`python -m dashboard.serving`: the web processes. `--help` lists the options."""

import socket
from pkgutil import resolve_name

import click

from dashboard import starting
from dashboard.serving.processes import PROCESSES, serve
from dashboard.stack.listen_socket import Door
from dashboard.store.postgres import schema

# The composition root, by name: no part of it imports it.
APPLICATION = "app:create_app"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65_535), default=8000, show_default=True)
@click.option("--processes", type=click.IntRange(1, 1_000), default=PROCESSES, show_default=True)
@click.option("--descriptor", type=int, help="Of a listening socket that this program inherits.")
def main(*, host: str, port: int, processes: int, descriptor: int | None) -> None:
    """Serve the pages and the API until a stop signal."""
    with starting.or_exit():
        listener = Door(host, port).socket if descriptor is None else socket.socket(fileno=descriptor)
        application = resolve_name(APPLICATION)()
        schema.expect_current(application.config["SQLALCHEMY_DATABASE_URI"])
    serve(application, listener, processes)


if __name__ == "__main__":
    main(prog_name="python -m dashboard.serving")
