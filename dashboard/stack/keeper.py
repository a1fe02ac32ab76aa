"""Keeps one embedded server running for as long as anybody uses it: python -m dashboard.stack.keeper.

A process of its own, because whoever needed the server first may leave before others do.
"""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from dashboard.stack import locks, records
from dashboard.stack.postgres import Postgres
from dashboard.stack.processes import start
from dashboard.stack.records import Record
from dashboard.stack.redis import Redis
from dashboard.stack.server import Server

SERVERS: dict[str, type[Server]] = {server.name: server for server in (Postgres, Redis)}
GLANCE = 0.1
# The stack has ten seconds to stop and gives its children five of them; then a server is stopped at once.
PATIENCE = 3.0
LEFTOVER_PATIENCE = 10.0
LAST_WORDS = 4_096


class ServerFailed(Exception):
    """The server did not come up; the message says why."""


class Keeper:
    """Starts a server, and stops it when its last user has left."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._asked = False
        self._users: int | None = None
        signal.signal(signal.SIGTERM, self._ask)

    def run(self) -> None:
        """Keep the server until nobody uses it or it dies; raises ServerFailed when it does not come up."""
        process = self._start()
        while process.poll() is None and not self._may_go() and not self._server.answers():
            time.sleep(GLANCE / 5)
        if process.poll() is not None:
            raise ServerFailed(_last_words(self._server.log))
        records.write(self._server, Record(keeper=os.getpid(), process=process.pid))
        while process.poll() is None and not self._may_go():
            time.sleep(GLANCE)
        _stop(process, self._server)
        self._server.remove_socket_folder()

    def _ask(self, *_: object) -> None:
        self._asked = True

    def _may_go(self) -> bool:
        """Say whether no user is left; whoever comes from then on waits until this keeper has gone."""
        if self._users is None:
            self._users = locks.take(self._server.lock("users"))
        return self._asked or self._users is not None

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the server; it inherits a lock, which stays taken until the last of its processes is gone."""
        lock = _no_leftovers(self._server)
        records.write(self._server, Record(keeper=os.getpid()))
        self._server.prepare()
        process = start(
            self._server.command(), user=self._server.owner(), parting=self._server.gently, keep_open=[lock]
        )
        os.close(lock)
        self._server.lock("pid").write_text(str(process.pid))
        return process


def _no_leftovers(server: Server) -> int:
    """Take the lock of the server's processes, after any of an earlier keeper have stopped."""
    if (lock := locks.take(server.lock("processes"))) is not None:
        return lock
    for wish in (server.gently, server.at_once):
        _tell_leftover(server, wish)
        give_up_at = time.monotonic() + LEFTOVER_PATIENCE
        while time.monotonic() < give_up_at:
            if (lock := locks.take(server.lock("processes"))) is not None:
                return lock
            time.sleep(GLANCE)
    raise ServerFailed(f"an earlier one still uses {server.home}")


def _tell_leftover(server: Server, wish: signal.Signals) -> None:
    """Send a signal to the server that a killed keeper has left running, if it can still be found."""
    with suppress(FileNotFoundError, psutil.NoSuchProcess):
        process = psutil.Process(int(server.lock("pid").read_text()))
        if process.name() == server.program.name:
            process.send_signal(wish)


def _stop(process: subprocess.Popen[bytes], server: Server) -> None:
    process.send_signal(server.gently)
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.send_signal(server.at_once)
        process.wait()


def _last_words(log: Path) -> str:
    """Return the last line that the server printed, the fatal one if it said so."""
    lines = log.read_bytes()[-LAST_WORDS:].decode(errors="replace").strip().splitlines() or ["it printed nothing"]
    return next((line for line in reversed(lines) if "FATAL" in line), lines[-1]).strip()


def main(name: str, instance: Path) -> None:
    """Keep the named server of this instance; what stopped it from starting is left in its record."""
    server = SERVERS[name](instance)
    try:
        Keeper(server).run()
    except (ServerFailed, OSError) as error:
        records.write(server, Record(keeper=os.getpid(), failure=str(error)))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
