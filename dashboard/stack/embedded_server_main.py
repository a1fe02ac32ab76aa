"""Runs one embedded server while it has users: python -m dashboard.stack.embedded_server_main.

It is a separate process, because the first user of the server may end before the others.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from dashboard.stack import locks, server_state_file
from dashboard.stack.embedded_server import Server
from dashboard.stack.postgres import Postgres
from dashboard.stack.redis import Redis
from dashboard.stack.server_state_file import ServerState
from dashboard.stack.spawn import start
from dashboard.starting import CannotStart, full, unusable

SERVERS: dict[str, type[Server]] = {server.name: server for server in (Postgres, Redis)}
GLANCE = 0.1
# The stack has ten seconds to stop and gives its children five; then a server is stopped at once.
PATIENCE = 3.0
LEFTOVER_PATIENCE = 10.0


class Keeper:
    """Starts a server, and stops it when its last user ends."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._asked = False
        self._users: int | None = None
        signal.signal(signal.SIGTERM, self._ask)

    def run(self) -> None:
        """Run the server until it has no user or dies; raises CannotStart if it does not start."""
        begins_at = self._server.log_size
        process = self._start()
        while process.poll() is None and not self._may_go() and not self._server.answers():
            if self._server.is_hopeless(self._server.printed(begins_at)):
                _stop(process, self._server)
            time.sleep(GLANCE / 5)
        if process.poll() is not None:
            raise self._failure(self._server.printed(begins_at))
        server_state_file.write(self._server, ServerState(keeper=os.getpid(), process=process.pid))
        while process.poll() is None and not self._may_go():
            time.sleep(GLANCE)
        _stop(process, self._server)
        self._server.remove_socket_folder()

    def _ask(self, *_: object) -> None:
        self._asked = True

    def _may_go(self) -> bool:
        """Return True if no user is left; later users wait until this keeper has ended."""
        if self._users is None:
            self._users = locks.take(self._server.lock("users"))
        return self._asked or self._users is not None

    def _failure(self, lines: Sequence[str]) -> CannotStart:
        """Return the error for a server that ended by itself."""
        complaint = self._server.complaint(lines) or (lines or ["it printed nothing"])[-1]
        return full(self._server.instance) or CannotStart(self._server.failure(complaint))

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the server; it inherits a lock, which is held until its last process ends."""
        lock = _no_leftovers(self._server)
        server_state_file.write(self._server, ServerState(keeper=os.getpid()))
        self._server.prepare()
        process = start(
            self._server.command(), user=self._server.owner(), parting=self._server.gently, keep_open=[lock]
        )
        os.close(lock)
        self._server.lock("pid").write_text(str(process.pid))
        return process


def _no_leftovers(server: Server) -> int:
    """Take the lock of the server's processes, after the processes of an earlier keeper have stopped."""
    if (lock := locks.take(server.lock("processes"))) is not None:
        return lock
    for wish in (server.gently, server.at_once):
        _tell_leftover(server, wish)
        give_up_at = time.monotonic() + LEFTOVER_PATIENCE
        while time.monotonic() < give_up_at:
            if (lock := locks.take(server.lock("processes"))) is not None:
                return lock
            time.sleep(GLANCE)
    raise CannotStart(f"An earlier {server.name} still uses {server.home}: end it, and start again.")


def _tell_leftover(server: Server, wish: signal.Signals) -> None:
    """Send a signal to the server of a killed keeper, if its process can still be found."""
    with suppress(FileNotFoundError, ValueError, psutil.NoSuchProcess):
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


def main(name: str, instance: Path) -> None:
    """Keep the named server of this instance; an error at the start is written to its state file."""
    server = SERVERS[name](instance)
    try:
        Keeper(server).run()
    except (CannotStart, OSError) as error:
        failure = unusable(server.home, error) if isinstance(error, OSError) else error
        server_state_file.write(server, ServerState(keeper=os.getpid(), failure=str(failure)))
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
