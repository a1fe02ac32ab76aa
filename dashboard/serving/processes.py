"""Several web processes on one listening socket, forked from a parent that has imported everything."""

import gc
import logging
import math
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from dashboard.serving.server import STOPS_WITHIN, WebServer
from dashboard.stack.spawn import with_death_signal

log = structlog.get_logger()
# One more than two cores: while one renders a board, the others respond. Their threads wait for Postgres, and some for
# a run with wait=true.
PROCESSES = 3
# A thread that renders a page blocks its process's other threads for at most this long; Python's default is 5 ms.
SWITCH_SECONDS = 0.001
ENDS = (signal.SIGTERM, signal.SIGINT)
WATCHED = (signal.SIGCHLD, signal.SIGALRM, *ENDS)
# A process that ends sooner after its start is replaced only after a pause.
SETTLED = PAUSE = 1.0
# A process that hangs at this many checks, one per second, is killed. Checks are counted because clocks mislead: after
# a pause of the whole machine, all processes would seem to hang.
LOOKS_EVERY = 1.0
MOST_MISSED = 30


@dataclass(slots=True, kw_only=True)
class WebProcess:
    """A web process, with a byte of shared memory that it increments while it makes progress."""

    born_at: float = field(default_factory=time.monotonic)
    pulse: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, 1))
    _seen: int = -1
    _missed: int = 0

    def beat(self) -> None:
        """Increment the pulse, within the process itself."""
        self.pulse[0] = (self.pulse[0] + 1) % 256

    def hangs(self) -> bool:
        """Check the pulse, within the parent; return True if it stood still for MOST_MISSED checks."""
        self._missed = 0 if self.pulse[0] != self._seen else self._missed + 1
        self._seen = self.pulse[0]
        return self._missed >= MOST_MISSED


def serve(application: Callable[..., Any], listener: socket.socket, count: int) -> None:
    """Keep this number of processes serving until a stop signal."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sys.setswitchinterval(SWITCH_SECONDS)
    # Excludes the imported objects from collections, which doubled the time of a board with 1,000 agents; children
    # share them.
    gc.collect()
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    signal.setitimer(signal.ITIMER_REAL, LOOKS_EVERY, LOOKS_EVERY)
    children: dict[int, WebProcess] = {}
    while True:
        while len(children) < count:
            child = WebProcess()
            children[_fork(application, listener, child)] = child
        if (come := signal.sigwait(WATCHED)) in ENDS:
            break
        for pid, status in _ended():
            _mourn(pid, status, children.pop(pid, None))
        if come == signal.SIGALRM:
            _kill_hanging(children)
    _stop(set(children))


def _fork(application: Callable[..., Any], listener: socket.socket, child: WebProcess) -> int:
    tie = with_death_signal(signal.SIGTERM)
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    status = 1
    try:
        tie()
        _work(application, listener, child)
        status = 0
    except Exception:
        log.exception("web_process_failed")
    finally:
        os._exit(status)  # skips the parent's exit handlers


def _work(application: Callable[..., Any], listener: socket.socket, child: WebProcess) -> None:
    server = WebServer(application, listener, beat=child.beat)
    for wish in ENDS:
        signal.signal(wish, server.stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    server.run()


def _ended() -> Iterator[tuple[int, int]]:
    """Yield the pid and exit status of each ended child."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def _mourn(pid: int, status: int, child: WebProcess | None) -> None:
    log.warning("web_process_ended", pid=pid, status=status)
    if child and time.monotonic() < child.born_at + SETTLED:
        time.sleep(PAUSE)


def _kill_hanging(children: dict[int, WebProcess]) -> None:
    for pid, child in children.items():
        if child.hangs():
            log.error("web_process_hangs", pid=pid)
            os.kill(pid, signal.SIGKILL)


def _stop(children: set[int]) -> None:
    """Let the processes finish their requests; kill the late ones, or all of them at a second signal."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    if signal.SIGALRM in signal.sigpending():
        signal.sigwait([signal.SIGALRM])
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    signal.alarm(math.ceil(STOPS_WITHIN) + 1)
    while children and signal.sigwait(WATCHED) == signal.SIGCHLD:
        for pid, _ in _ended():
            children.discard(pid)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
