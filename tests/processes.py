"""Processes as the tests find them: at every moment one of them may end by itself."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

import psutil


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started; nothing where it has ended."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    return []


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Stop a process and all that it has started, and let them go on after the block."""
    stopped = family(pid)
    _each(stopped, psutil.Process.suspend)
    try:
        yield
    finally:
        _each(stopped, psutil.Process.resume)


def kill(processes: Iterable[psutil.Process]) -> None:
    """Kill those that still run."""
    _each(processes, psutil.Process.kill)


def left(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return those that still run."""
    return [process for process in processes if not has_ended(process)]


def has_ended(process: psutil.Process) -> bool:
    """Return whether it has ended; a zombie is only a number that its parent has not asked for yet."""
    with suppress(psutil.NoSuchProcess):
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    return True


def _each(processes: Iterable[psutil.Process], act: Callable[[psutil.Process], None]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            act(process)
