"""Whether this machine has Debian's packages of Request Tracker; nothing here needs more than Python."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
SETUP = "rt-setup-database-5"
# Debian's programs for administrators are not in every user's PATH.
PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"


@cache
def has_request_tracker() -> bool:
    """Return whether the packages are there, that of SQLite too."""
    return SERVER.exists() and shutil.which(SETUP, path=PROGRAMS) is not None and _has_sqlite()


def _has_sqlite() -> bool:
    return subprocess.run(["perl", "-MDBD::SQLite", "-e", "1"], capture_output=True, check=False).returncode == 0
