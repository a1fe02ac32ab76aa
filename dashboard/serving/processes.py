"""Several web processes on one listening socket, forked from one that has imported everything."""

import gc
import logging
import math
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import structlog

from dashboard.serving.server import STOPS_WITHIN, Server
from dashboard.stack.processes import tied

log = structlog.get_logger()
# One more than two cores: while one draws a board, the others answer. Their threads wait for Postgres, and some for a
# run that was asked for with wait=true.
PROCESSES = 3
# The longest that a thread which draws a page keeps the others of its process from going on; Python's own is 5 ms.
SWITCH_SECONDS = 0.001
ENDS = (signal.SIGTERM, signal.SIGINT)
WATCHED = (signal.SIGCHLD, signal.SIGALRM, *ENDS)
# A process that ends sooner after its start is not replaced at once.
SETTLED = PAUSE = 1.0


def serve(application: Callable[..., Any], listener: socket.socket, count: int) -> None:
    """Keep this number of processes serving until a signal asks to stop."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    sys.setswitchinterval(SWITCH_SECONDS)
    # Out of every collection: the board of 1,000 agents took twice as long with it. And the children share it.
    gc.collect()
    gc.freeze()
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    children: dict[int, float] = {}
    while True:
        while len(children) < count:
            children[_fork(application, listener)] = time.monotonic()
        if signal.sigwait(WATCHED) != signal.SIGCHLD:
            break
        for pid, status in _ended():
            _mourn(pid, status, children.pop(pid, 0.0))
    _stop(children)


def _fork(application: Callable[..., Any], listener: socket.socket) -> int:
    tie = tied(signal.SIGTERM)
    sys.stdout.flush()
    if pid := os.fork():
        return pid
    status = 1
    try:
        tie()
        _work(application, listener)
        status = 0
    except Exception:
        log.exception("web_process_failed")
    finally:
        os._exit(status)  # the parent's own end is not the child's


def _work(application: Callable[..., Any], listener: socket.socket) -> None:
    server = Server(application, listener)
    for wish in ENDS:
        signal.signal(wish, server.stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    server.run()


def _ended() -> Iterator[tuple[int, int]]:
    """Yield each child that has ended, with its status."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, os.waitstatus_to_exitcode(status)


def _mourn(pid: int, status: int, born_at: float) -> None:
    log.warning("web_process_ended", pid=pid, status=status)
    if time.monotonic() < born_at + SETTLED:
        time.sleep(PAUSE)


def _stop(children: dict[int, float]) -> None:
    """Let the processes finish their requests; kill those that take too long, or all at a second signal."""
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    signal.alarm(math.ceil(STOPS_WITHIN) + 1)
    while children and signal.sigwait(WATCHED) == signal.SIGCHLD:
        for pid, _ in _ended():
            children.pop(pid, None)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
