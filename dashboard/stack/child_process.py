"""A supervised process: honcho's, in its own session, restarted after it ends."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from queue import Queue

import psutil
from honcho.printer import Message
from honcho.process import Popen, Process

from dashboard.stack.spawn import with_death_signal

SHORTEST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
SETTLED = 60.0


class Child(Process):
    """A process that must always run; the terminal's Ctrl-C does not reach it."""

    _child: subprocess.Popen[bytes] | None

    def __init__(self, cmd: Sequence[str], **options: object) -> None:
        super().__init__(cmd, **options)
        self._child_ctor = partial(
            Popen, shell=False, stdin=subprocess.DEVNULL, preexec_fn=with_death_signal(signal.SIGTERM)
        )
        self._thread = threading.Thread()
        self._is_told = self._is_cleared = False
        self._began = 0.0
        self._pause = 0.0
        self._start_at: float | None = 0.0

    def hand_over(self, descriptors: Sequence[int]) -> None:
        """Let the process inherit these descriptors."""
        self._child_ctor = partial(self._child_ctor, pass_fds=descriptors)

    def is_up(self) -> bool:
        """Return True if the process runs; after its death, kill the rest of its session."""
        is_dead = self._child is not None and self._child.poll() is not None
        if is_dead and (self._thread.is_alive() or not self._is_cleared):
            self._is_cleared = True  # later, another process may have its number
            self.kill()
        return self._thread.is_alive()

    def start_when_due(self, events: "Queue[Message]") -> str:
        """Start the process after its pause, longer after each early death; return a sentence when a pause begins."""
        now = time.monotonic()
        if self._start_at is None:
            lasted = now - self._began > SETTLED
            self._pause = SHORTEST_PAUSE if lasted else min(max(self._pause * 2, SHORTEST_PAUSE), LONGEST_PAUSE)
            self._start_at = now + self._pause
            return f"{self.name} {_end(self._child)}; it is started again in {self._pause:g} s"
        if now >= self._start_at:
            self._start_at, self._began, self._child = None, now, None
            self._is_told = self._is_cleared = False
            self._thread = threading.Thread(target=self.run, args=(events,), daemon=True)
            self._thread.start()
        return ""

    def ask_to_stop(self) -> None:
        """Send a terminate signal, once."""
        if self._child is not None and not self._is_told:
            self._is_told = True
            self._child.terminate()

    def kill(self) -> None:
        """Kill all processes of its session, including orphans."""
        if self._child is None:
            return
        for pid in psutil.pids():
            with suppress(ProcessLookupError):  # it has ended already
                if os.getsid(pid) == self._child.pid:
                    os.kill(pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes] | None) -> str:
    if process is None:
        return "could not be started"
    code = process.returncode
    return f"stopped (exit status {code})" if code >= 0 else f"was killed ({signal.Signals(-code).name})"
