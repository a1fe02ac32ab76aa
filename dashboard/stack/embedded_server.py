"""The common parts of both embedded servers: directories, user, locks and stop signals."""

import hashlib
import os
import shutil
import signal
import stat
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from dashboard.starting import CannotStart

# The kernel limits a socket's path to 108 bytes, some systems to 104; the longest name is .s.PGSQL.5432.lock.
LONGEST_SOCKET_FOLDER = 80
MOST_READ = 1_000_000


class Server(ABC):
    """One embedded server of an instance, reachable only by Unix socket."""

    name: str
    program: Path
    gently: signal.Signals = signal.SIGTERM
    at_once: signal.Signals = signal.SIGKILL

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        self.home = instance / self.name
        self.sockets = _socket_folder(self.home)

    @property
    @abstractmethod
    def url(self) -> str:
        """Return the URL for clients."""

    @abstractmethod
    def prepare(self) -> None:
        """Create its directory at first use; called only while none of its processes runs."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and its parameters."""

    @abstractmethod
    def answers(self) -> bool:
        """Return True if the server takes commands."""

    @abstractmethod
    def complaint(self, lines: Sequence[str]) -> str:
        """Return the reason of its end from the lines it printed since its start."""

    @abstractmethod
    def cure(self, complaint: str) -> str:
        """Return the remedy for this complaint."""

    def failure(self, complaint: str) -> str:
        """Return the error message: the complaint and its remedy, in one sentence."""
        return f"The embedded {self.name} does not start ({complaint}): {self.cure(complaint)}."

    def is_hopeless(self, _lines: Sequence[str]) -> bool:
        """Return True if these lines show a restart loop."""
        return False

    @property
    def log(self) -> Path:
        """Return its log file."""
        return self.instance / "log" / f"{self.name}.log"

    @property
    def log_size(self) -> int:
        """Return the size of its log, 0 before its first start."""
        return self.log.stat().st_size if self.log.exists() else 0

    def printed(self, start: int) -> list[str]:
        """Return the lines of its log from this position on."""
        with self.log.open("rb") as file:
            file.seek(start)
            return file.read(MOST_READ).decode(errors="replace").splitlines()

    def lock(self, kind: str) -> Path:
        """Return the file of one of its locks: users, keeper, processes."""
        return self.instance / "locks" / f"{self.name}.{kind}"

    def owner(self) -> int:
        """Return the user id of the server, which owns its directory."""
        return self.home.stat().st_uid

    def make_socket_folder(self) -> None:
        """Create the socket's folder, accessible only to the server's user."""
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.sockets.lstat().st_uid
        if found == os.geteuid() != self.owner():
            os.chown(self.sockets, self.owner(), -1)
        elif found != self.owner():
            raise CannotStart(
                f"{self.sockets} belongs to another user: have it removed, or shorten the instance's path."
            )

    def remove_socket_folder(self) -> None:
        """Remove the socket's folder unless it is the server's own directory."""
        if self.sockets != self.home:
            shutil.rmtree(self.sockets)


def packaged(package: str, path: str) -> Path:
    """Return the path of an installed package's file, without importing the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(spec.origin).parent / path


def open_the_way(path: Path) -> None:
    """Let every user traverse the folders above this path; a server that must not run as root needs this."""
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _socket_folder(home: Path) -> Path:
    """Return the server's own directory, or a short one under /tmp if its path does not suit a socket."""
    if len(os.fsencode(home)) <= LONGEST_SOCKET_FOLDER and "," not in str(home):
        return home
    return Path("/tmp") / f"evenhand-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
