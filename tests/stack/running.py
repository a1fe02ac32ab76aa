"""`python app.py`, started and stopped as a user would."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Self
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

from dashboard.config import DEFAULTS, ROOT
from tests import processes
from tests.waiting import PATIENCE, eventually

# Bound for as long as this process runs.
KEPT_PORTS: list[socket.socket] = []
# The user's own settings and the test run's must not leak into the stack under test.
FOREIGN = {*DEFAULTS, "EVENHAND_INSTANCE", "EVENHAND_TEST_INSTANCE"}


def a_free_port() -> int:
    """Return a port of this process's own, on which nobody listens yet.

    A socket stays bound to it, so the kernel gives it to no other program. Beside a socket that does not listen, Linux
    lets a server bind the port again, because both set SO_REUSEADDR.
    """
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    port = int(kept.getsockname()[1])
    if sys.platform == "linux":
        KEPT_PORTS.append(kept)
    else:
        kept.close()
    return port


def start(instance: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Start app.py on this instance, with these settings in its environment."""
    return subprocess.Popen(
        [sys.executable, "app.py", "--no-demo", "--instance", str(instance), *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in FOREIGN} | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


class Running:
    """A stack that runs until the end of the block, or until it is stopped."""

    def __init__(self, instance: Path, *arguments: str, **settings: str) -> None:
        self.instance = instance
        self.port = a_free_port()
        self.said: list[str] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._process = start(instance, "--port", str(self.port), *arguments, **settings)
        pipes = (self._process.stdout, self._process.stderr)
        self._threads = [threading.Thread(target=self._read, args=[pipe], daemon=True) for pipe in pipes]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def hear(self, words: str) -> str:
        """Return the next line with these words; fail when it does not come."""
        try:
            eventually(lambda: self._hears(words))
        except AssertionError as late:
            raise AssertionError(f"Nobody said {words!r}: {''.join(self.said)}") from late
        return self.said[-1]

    def listen(self) -> None:
        """Take what has been said so far."""
        while not self._lines.empty():
            self.said.append(self._lines.get())

    def status_of(self, path: str) -> int | None:
        """Return the HTTP status of a page, or None when nobody answers."""
        try:
            return urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE).status
        except HTTPError as error:
            return error.code
        except OSError:
            return None

    def stop(self, wish: signal.Signals = signal.SIGTERM) -> int:
        """Ask the whole process group to stop, as a terminal does; return the exit status."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, wish)
        return self._process.wait(PATIENCE)

    def processes(self) -> list[psutil.Process]:
        """Return it and everything that it has started."""
        return processes.family(self._process.pid)

    def child(self, words: str) -> psutil.Process:
        """Return the first process whose command has these words."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # such as a program that asks whether a store answers
                if words in " ".join(process.cmdline()):
                    return process
        raise AssertionError(f"There is no {words!r}.")

    def kill_everything(self) -> None:
        """What a machine does that loses its power, except that the disk's cache survives."""
        processes.kill(self.processes())
        self._process.wait()

    def _hears(self, words: str) -> bool:
        """Take lines up to the one with these words; fail where no more can come."""
        has_ended = self._process.poll() is not None and not any(thread.is_alive() for thread in self._threads)
        while not self._lines.empty():
            self.said.append(self._lines.get())
            if words in self.said[-1]:
                return True
        assert not has_ended, "It has ended."
        return False

    def _read(self, pipe: IO[str]) -> None:
        for line in pipe:
            self._lines.put(line)
