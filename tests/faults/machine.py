"""What some faults need of the machine: root, and programs that not every one has."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

REQUIRED = "EVENHAND_REQUIRE_FAULTS"
FAKETIME = next((str(found) for found in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")


@cache
def has_disks() -> bool:
    """Say whether a small disk can be mounted."""
    return os.geteuid() == 0 and _permits("--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt")


def has_clocks() -> bool:
    """Say whether a process can be given another clock."""
    return bool(FAKETIME)


NEEDS = {"disk": has_disks, "clock": has_clocks}
INSTALLED = {"clock"}


def missing() -> list[str]:
    """Return what this machine cannot do."""
    return [name for name, is_there in NEEDS.items() if not is_there()]


def unforgivable() -> list[str]:
    """Return what is missing that could be installed, where that is required; what the kernel forbids is forgiven."""
    is_required = os.environ.get(REQUIRED) == "1"
    return [name for name in missing() if is_required and name in INSTALLED]


def _permits(kind: str, *command: str) -> bool:
    if not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", kind, *command], capture_output=True, check=False).returncode == 0
