"""Waits for events. They end late, and later on a busy machine, which is no failure of the program."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

# Seconds. Nothing that is waited for takes a tenth of them on a machine that has nothing else to do.
PATIENCE = 120.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.02, 0.1
TICK = 0.05
# One late tick counts no more than this: whatever held up this program held up the others.
LONGEST_TICK = 5 * TICK
STATES = Path("/proc/stat")


def eventually(true: Callable[[], object], *, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Wait until it is true; fail where it does not become true at all."""
    promptly(true, PATIENCE, meanwhile=meanwhile)


def promptly(true: Callable[[], object], within: float, *, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Wait until it is true; fail where it takes longer than promised, in seconds of `stopwatch`."""
    with stopwatch() as usable:
        while not true():
            passed = usable()
            assert passed < within, f"Not true after {passed:.1f} s; {crowding():.1f} processes share a core."
            meanwhile()
            sleep(min(SHORTEST_PAUSE + passed / 20, LONGEST_PAUSE))


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Yield a clock of the time that a program could use: where n processes want one core, an n-th of each second."""
    passed, ended = [0.0], threading.Event()

    def run() -> None:
        before = monotonic()
        while not ended.wait(TICK):
            now = monotonic()
            passed[0] += min(now - before, LONGEST_TICK) / crowding()
            before = now

    ticking = threading.Thread(target=run, daemon=True)
    ticking.start()
    try:
        yield lambda: passed[0]
    finally:
        ended.set()
        ticking.join()


def crowding() -> float:
    """Return how many processes share each core now: those that run, want to run, or wait for the disk."""
    if STATES.exists():
        states = dict(line.split(" ", 1) for line in STATES.read_text().splitlines() if line.startswith("procs_"))
        wanting = int(states["procs_running"]) + int(states["procs_blocked"])
    else:
        wanting = os.getloadavg()[0]
    return max(1.0, wanting / (os.cpu_count() or 1))
