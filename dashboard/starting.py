"""Errors that prevent a start: one sentence with the cause and its remedy."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

NO_RIGHT = "let this user read and write it, or start as the user that it belongs to"
NO_ROOM = "make room on its disk and start again"
NO_FOLDER = "a folder belongs there, so move away what is there"
CURES: Mapping[int | None, str] = {
    errno.EACCES: NO_RIGHT,
    errno.EPERM: NO_RIGHT,
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EEXIST: NO_FOLDER,
    errno.ENOTDIR: NO_FOLDER,
    errno.EISDIR: "a file belongs there, so move the folder away",
}
ELSEWHERE = "choose another folder by EVENHAND_INSTANCE"


class CannotStart(Exception):
    """A process cannot start; the message is one sentence with the cause and its remedy."""


def unusable(path: Path, error: OSError) -> CannotStart:
    """Return the error for an unusable file or folder; the system's error may name a more exact path."""
    named = error.filename or path
    return CannotStart(f"{named} cannot be used ({error.strerror or error}): {CURES.get(error.errno, ELSEWHERE)}.")


def full(folder: Path) -> CannotStart | None:
    """Return the error for a full disk, None with free space; for failures that could not even be logged."""
    is_full = not shutil.disk_usage(folder).free
    return unusable(folder, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))) if is_full else None


@contextmanager
def or_exit() -> Iterator[None]:
    """End the process with the sentence on stderr and exit status 1, without a traceback."""
    try:
        yield
    except CannotStart as error:
        sys.exit(str(error))
