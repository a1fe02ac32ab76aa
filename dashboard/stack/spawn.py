"""Starts a program as another user and ends it together with this process."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

PR_SET_PDEATHSIG = 1
# Loaded here, because a child must not import between fork and exec.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def start(
    command: Sequence[str], *, user: int, parting: signal.Signals, keep_open: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a program as this user. It shares this process's output, and ends with this process."""
    other = None if user == os.geteuid() else user
    return subprocess.Popen(
        command,
        cwd="/",  # a folder that every user may enter
        preexec_fn=with_death_signal(parting),  # noqa: PLW1509 -- a keeper has one thread
        pass_fds=keep_open,
        user=other,
        group=None if other is None else _group(other),
        extra_groups=None if other is None else (),
    )


def with_death_signal(parting: signal.Signals) -> Callable[[], None]:
    """Return a function for the child before its program: it requests this signal at its parent's end (Linux)."""
    parent = os.getpid()

    def tie() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(parting))
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _group(user: int) -> int:
    """Return the user's group; a directory may belong to a user id without a name on this machine."""
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return user
