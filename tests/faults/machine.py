"""What some faults need of the machine: root, and programs that not every one has."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

REQUIRED = "EVENHAND_REQUIRE_FAULTS"
FAKETIME = next((str(found) for found in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), "")
# What root may do, where nobody took it away: the numbers of the kernel's capabilities.
OWNERS, NETWORKS, MOUNTS = 0, 12, 21


@cache
def has_disks() -> bool:
    """Say whether a small disk can be mounted."""
    return os.geteuid() == 0 and _permits("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt")


@cache
def has_hosts() -> bool:
    """Say whether other hosts can be made up, as network namespaces."""
    name = f"eh{os.getpid()}try"
    made = os.geteuid() == 0 and _permits("ip", "netns", "add", name)
    if made:
        _permits("ip", "netns", "del", name)
    return made


def has_clocks() -> bool:
    """Say whether a process can be given another clock."""
    return bool(FAKETIME)


def has_users() -> bool:
    """Say whether files can be given to other users, as root may."""
    return os.geteuid() == 0


NEEDS = {"disk": has_disks, "hosts": has_hosts, "clock": has_clocks, "users": has_users}
# What must be allowed, so that only what could be installed is missing.
ALLOWED_BY = {"disk": {MOUNTS}, "hosts": {NETWORKS, MOUNTS}, "clock": set[int](), "users": {OWNERS}}


def missing() -> list[str]:
    """Return what this machine cannot do."""
    return [name for name, is_there in NEEDS.items() if not is_there()]


def unforgivable() -> list[str]:
    """Return what is missing where all is required; what the kernel does not let us do is forgiven, and told."""
    if os.environ.get(REQUIRED) != "1":
        return []
    return [name for name in missing() if ALLOWED_BY[name] <= _allowed()]


def _allowed() -> set[int]:
    status = Path("/proc/self/status")
    said = dict(line.split(":\t", 1) for line in status.read_text().splitlines()) if status.exists() else {}
    bits = int(said.get("CapEff", "0"), 16)
    return {number for number in (OWNERS, NETWORKS, MOUNTS) if bits >> number & 1}


def _permits(*command: str) -> bool:
    return bool(shutil.which(command[0])) and subprocess.run(command, capture_output=True, check=False).returncode == 0
