"""`python app.py`, started and stopped as a user would."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil

from dashboard.config import DEFAULTS, ROOT

PATIENCE = 30.0
# The user's own settings and the test run's must not leak into the stack under test.
FOREIGN = {*DEFAULTS, "EVENHAND_INSTANCE", "EVENHAND_TEST_INSTANCE"}


def a_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


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
        for pipe in (self._process.stdout, self._process.stderr):
            threading.Thread(target=lambda pipe=pipe: [self._lines.put(line) for line in pipe], daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def hear(self, words: str) -> str:
        """Return the next line with these words; fail when it does not come."""
        give_up_at = time.monotonic() + PATIENCE
        while time.monotonic() < give_up_at:
            try:
                self.said.append(self._lines.get(timeout=0.1))
            except queue.Empty:
                assert self._process.poll() is None or not self._lines.empty(), f"It ended: {''.join(self.said)}"
                continue
            if words in self.said[-1]:
                return self.said[-1]
        raise AssertionError(f"Nobody said {words!r}: {''.join(self.said)}")

    def listen(self) -> None:
        """Take what has been said so far."""
        with suppress(queue.Empty):
            while True:
                self.said.append(self._lines.get_nowait())

    def status_of(self, path: str) -> int | None:
        """Return the HTTP status of a page, or None when nobody answers."""
        try:
            return urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5).status
        except HTTPError as error:
            return error.code
        except OSError:
            return None

    def stop(self, wish: signal.Signals = signal.SIGTERM, *, within: float = PATIENCE) -> int:
        """Ask the whole process group to stop, as a terminal does; return the exit status."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, wish)
        return self._process.wait(within)

    def processes(self) -> list[psutil.Process]:
        """Return it and everything that it has started."""
        return [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]

    def child(self, words: str) -> psutil.Process:
        """Return the first process whose command has these words."""
        return next(process for process in self.processes() if words in " ".join(process.cmdline()))

    def kill_everything(self) -> None:
        """What a machine does that loses its power, except that the disk's cache survives."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):  # it went with the one before
                process.kill()
        self._process.wait()


def left(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run; a zombie is only a number that its parent has not asked for yet."""
    return [process for process in processes if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]


def eventually(true: Callable[[], object], within: float = PATIENCE) -> bool:
    """Say whether it becomes true in this many seconds."""
    give_up_at = time.monotonic() + within
    while time.monotonic() < give_up_at:
        if true():
            return True
        time.sleep(0.05)
    return False
