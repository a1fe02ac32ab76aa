"""Limits of the process that speaks to alert channels, kept by Python's audit hook; they cannot be lifted again.

A plugin of apprise may name any file, program or address. This process opens TCP connections to checked addresses,
reads its own program, and does nothing else to the machine. The check is of the address that is connected to, so a
name that changes its meaning between two questions gains nothing.
"""

import mimetypes
import os
import sys
import sysconfig
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from dashboard.http_client.url_guard import is_public

FORBIDDEN = (
    "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system", "pty.spawn", "subprocess.Popen",
    "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.truncate", "os.chmod", "os.chown", "os.link", "os.symlink",
    "os.kill", "os.putenv", "shutil.", "sqlite3.connect", "tempfile.",
    "socket.bind", "socket.sendto", "socket.sendmsg", "syslog.",
)  # fmt: skip
PROGRAM = Path(__file__).resolve().parents[1]
# Of the machine's files, what the standard library and apprise read to know types of content and the time zone.
HARMLESS = (*mimetypes.knownfiles, "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", os.devnull, "/dev/urandom")


class Confined(PermissionError):
    """The program tried what it may not do."""


@dataclass(slots=True)
class Attempts:
    """What the program tried and may not do."""

    address: bool = False
    other: bool = False


def confine(*, allow_private: bool) -> Attempts:
    """Confine this process for the rest of its life, and return what it will have tried."""
    seen = Attempts()
    readable = tuple(os.path.realpath(path) for path in (*_program(), *HARMLESS))

    def hear(event: str, args: tuple[object, ...]) -> None:
        if event == "socket.connect":
            if not _may_connect(args[1], allow_private):
                seen.address = True
                raise Confined
        elif (event == "open" and not _may_open(args, readable)) or event.startswith(FORBIDDEN):
            seen.other = True
            raise Confined

    sys.addaudithook(hear)
    return seen


def _program() -> list[str]:
    paths = sysconfig.get_paths()
    return [str(PROGRAM), *(paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))]


def _may_connect(address: object, allow_private: bool) -> bool:
    """Return whether this is an address of the internet; a path is one of this machine, and a name was not checked."""
    if not isinstance(address, tuple):
        return False
    try:
        found = str(ip_address(str(address[0])))
    except ValueError:
        return False
    return allow_private or is_public(found)


def _may_open(args: tuple[object, ...], readable: tuple[str, ...]) -> bool:
    path, mode, flags = args[0], args[1], args[2]
    if isinstance(path, int):
        return True
    writes = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
    if not isinstance(path, str | bytes | os.PathLike) or writes or (isinstance(mode, str) and set(mode) & set("wax+")):
        return False
    real = os.path.realpath(os.fsdecode(path))
    return any(real == allowed or real.startswith(f"{allowed}{os.sep}") for allowed in readable)
