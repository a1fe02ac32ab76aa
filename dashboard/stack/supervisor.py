"""Honcho's manager, but a child that ends is restarted instead of ending all others."""

import queue
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from honcho.manager import Manager
from honcho.printer import Message

from dashboard.config import ROOT
from dashboard.stack.child_process import Child
from dashboard.stack.terminal import Terminal

GLANCE = 0.1
# A worker has this long to finish its job; the embedded servers need the rest of the ten seconds.
PATIENCE = 5.0


class Supervisor(Manager):
    """Keeps its children running until a stop signal."""

    _terminating: bool

    def __init__(self, look: Callable[[], list[str]]) -> None:
        super().__init__(Terminal(sys.stdout))
        # Honcho puts a process between itself and each child; a thread suffices, and cannot be killed alone.
        self.events: queue.Queue[Message] = queue.Queue()
        self._process_ctor = Child
        self._children: list[Child] = []
        self._look = look
        self._kill_at = 0.0

    def keep(self, name: str, command: Sequence[str], *, env: Mapping[str, str], hand_over: Sequence[int] = ()) -> None:
        """Add a child."""
        child = self.add_process(name, command, env=env, cwd=ROOT)
        child.hand_over(hand_over)
        self._children.append(child)

    def loop(self) -> None:
        """Run until a stop signal; a second signal, or PATIENCE seconds, kills the children."""
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGTERM, self._stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
            signal.signal(signal.SIGHUP, self._stop)
        while not self._terminating:
            news = [child.start_when_due(self.events) for child in self._children if not child.is_up()]
            news += self._look()
            self._print()
            for sentence in filter(None, news):
                self._system_print(f"{sentence}\n")
        while up := [child for child in self._children if child.is_up()]:
            for child in up:
                child.ask_to_stop() if time.monotonic() < self._kill_at else child.kill()
            self._print()

    def _stop(self, *_: object) -> None:
        self._kill_at = 0.0 if self._terminating else time.monotonic() + PATIENCE
        self._terminating = True

    def _print(self) -> None:
        """Print the children's lines, until none is left."""
        try:
            message = self.events.get(timeout=GLANCE)
            while True:
                if message.type == "line":
                    self._printer.write(message)
                message = self.events.get_nowait()
        except queue.Empty:
            return
