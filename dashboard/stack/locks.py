"""Locks on files: the kernel releases them when their holder ends, so no lock is ever stale."""

import fcntl
import os
from pathlib import Path

from dashboard import private


def take(path: Path, *, shared: bool = False, wait: bool = False) -> int | None:
    """Return the descriptor that holds a lock on this file, or None if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    private.close(path.parent, private.FOLDER)
    descriptor = private.opener(str(path), os.O_RDWR | os.O_CREAT)
    if _flock(descriptor, shared=shared, wait=wait):
        return descriptor
    os.close(descriptor)
    return None


def is_held(path: Path) -> bool:
    """Return True if any process holds a lock on this file."""
    if (descriptor := take(path)) is None:
        return True
    os.close(descriptor)
    return False


def become_alone(descriptor: int) -> bool:
    """Turn a shared lock into an exclusive one; if others share it, release it and return False."""
    return _flock(descriptor, shared=False, wait=False)


def _flock(descriptor: int, *, shared: bool, wait: bool) -> bool:
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, kind if wait else kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
