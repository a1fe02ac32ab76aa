"""Starting a program as another user, and tying its life to ours."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec a child must not import.
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def start(
    command: Sequence[str], *, user: int, parting: signal.Signals, keep_open: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    """Start a program as this user; what it prints goes where ours goes, and it ends when we do."""
    other = None if user == os.geteuid() else user
    return subprocess.Popen(
        command,
        cwd="/",  # a place that every user may be in
        preexec_fn=with_death_signal(parting),  # noqa: PLW1509 -- a keeper has one thread
        pass_fds=keep_open,
        user=other,
        group=None if other is None else _group(other),
        extra_groups=None if other is None else (),
    )


def with_death_signal(parting: signal.Signals) -> Callable[[], None]:
    """Return what a child does before its program runs: it asks for this signal when its parent is gone (Linux)."""
    parent = os.getpid()

    def tie() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(parting))
        if os.getppid() != parent:
            os._exit(1)

    return tie


def _group(user: int) -> int:
    """Return the user's group; a directory may belong to a number that this machine has no name for."""
    try:
        return pwd.getpwuid(user).pw_gid
    except KeyError:
        return user
