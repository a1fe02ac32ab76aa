"""What the two embedded servers have in common: where they live, who they run as, how they stop."""

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

# The kernel's limit for a socket's path is 108 bytes, 104 on some systems; the longest name is .s.PGSQL.5432.lock.
LONGEST_SOCKET_FOLDER = 80


class Server(ABC):
    """One embedded server of an instance; it can be reached by Unix socket only."""

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
        """Return where clients reach it."""

    @abstractmethod
    def prepare(self) -> None:
        """Make its directory at first use; called only while no process of it is left."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the program and its parameters."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether it takes commands."""

    @abstractmethod
    def complaint(self, lines: Sequence[str]) -> str:
        """Return why it ended, by what it printed since it was started."""

    @abstractmethod
    def cure(self, complaint: str) -> str:
        """Return what helps against it."""

    def failure(self, complaint: str) -> str:
        """Return the sentence for the person who starts it."""
        return f"The embedded {self.name} does not start ({complaint}): {self.cure(complaint)}."

    def is_hopeless(self, _lines: Sequence[str]) -> bool:
        """Say whether it starts again and again, by what it has printed since it was started."""
        return False

    @property
    def log(self) -> Path:
        """Return the file with what it prints."""
        return self.instance / "log" / f"{self.name}.log"

    def lock(self, kind: str) -> Path:
        """Return the file behind one of its locks: users, keeper, process."""
        return self.instance / "locks" / f"{self.name}.{kind}"

    def owner(self) -> int:
        """Return who the server runs as: whoever its directory belongs to."""
        return self.home.stat().st_uid

    def make_socket_folder(self) -> None:
        """Make the folder of the socket, and let nobody else into it."""
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.sockets.lstat().st_uid
        if found == os.geteuid() != self.owner():
            os.chown(self.sockets, self.owner(), -1)
        elif found != self.owner():
            raise CannotStart(
                f"{self.sockets} belongs to another user: have it removed, or shorten the instance's path."
            )

    def remove_socket_folder(self) -> None:
        """Remove the folder of the socket where it is not the server's own directory."""
        if self.sockets != self.home:
            shutil.rmtree(self.sockets)


def packaged(package: str, path: str) -> Path:
    """Return a file of an installed package, without importing the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(spec.origin).parent / path


def open_the_way(path: Path) -> None:
    """Let every user pass through the folders above this path, as a server that must not run as root needs."""
    for folder in path.parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _socket_folder(home: Path) -> Path:
    """Return the server's own directory, or a short one elsewhere where its name does not suit a socket."""
    if len(os.fsencode(home)) <= LONGEST_SOCKET_FOLDER and "," not in str(home):
        return home
    return Path("/tmp") / f"evenhand-{hashlib.sha256(os.fsencode(home)).hexdigest()[:16]}"
