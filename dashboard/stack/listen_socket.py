"""The address of Evenhand's web server."""

import errno
import socket
import time
from http.client import HTTPConnection, HTTPException
from typing import Self

from dashboard.stack.terminal import say
from dashboard.starting import CannotStart

BACKLOG = 512
TIMEOUT = 2.0
GLANCE = 0.25
LONG_WAIT = 15.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class Door:
    """A listening socket, opened before all processes start; it stays open while web processes restart."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self.socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            why = "another program uses this port" if in_use else error.strerror
            raise CannotStart(f"Cannot listen on {host}:{port}: {why}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def descriptor(self) -> int:
        """Return the descriptor for the web processes."""
        return self.socket.fileno()

    @property
    def url(self) -> str:
        """Return the URL for a browser."""
        return self._url(self._host)

    @property
    def local_url(self) -> str:
        """Return the URL for a program on this machine."""
        return self._url(ANYWHERE.get(self._host, self._host))

    def what_is_missing(self) -> str:
        """Return the message of /ready, or "" if it answers 200."""
        connection = HTTPConnection(ANYWHERE.get(self._host, self._host), self._port, timeout=TIMEOUT)
        try:
            connection.request("GET", "/ready")
            answer = connection.getresponse()
            return "" if answer.status == 200 else answer.read().decode(errors="replace").strip()
        except (OSError, HTTPException):
            return "web does not answer"
        finally:
            connection.close()

    def _url(self, host: str) -> str:
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"


class ReadyMessage:
    """Prints once that Evenhand is ready, or once after LONG_WAIT seconds the reason for the delay."""

    def __init__(self, door: Door, login: str) -> None:
        self._door, self._login = door, login
        self._next_look = 0.0
        self._complain_at = time.monotonic() + LONG_WAIT
        self._is_said = False

    def look(self) -> list[str]:
        """Check once per GLANCE whether Evenhand is ready; return complaints."""
        now = time.monotonic()
        if self._is_said or now < self._next_look:
            return []
        self._next_look = now + GLANCE
        if missing := self._door.what_is_missing():
            return self._complain(missing, now)
        self._is_said = True
        say("\n".join(filter(None, [f"Evenhand is ready: {self._door.url}", self._login])))
        return []

    def _complain(self, missing: str, now: float) -> list[str]:
        if now < self._complain_at:
            return []
        self._complain_at = float("inf")
        return [f"Evenhand is not ready yet: {missing}"]
