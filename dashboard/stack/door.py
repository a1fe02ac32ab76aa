"""The address that Evenhand answers on."""

import errno
import socket
from http.client import HTTPConnection, HTTPException
from typing import Self

from dashboard.stack.errors import CannotStart

BACKLOG = 512
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class Door:
    """A listening socket, opened before anything else starts and kept while the web processes come and go."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            in_use = error.errno == errno.EADDRINUSE
            why = "another program uses this port" if in_use else error.strerror
            raise CannotStart(f"Cannot listen on {host}:{port}: {why}.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def descriptor(self) -> int:
        """Return what a web process inherits."""
        return self._socket.fileno()

    @property
    def url(self) -> str:
        """Return what to type into a browser."""
        return f"http://{f'[{self._host}]' if ':' in self._host else self._host}:{self._port}"

    def is_ready(self) -> bool:
        """Say whether /ready answers 200."""
        connection = HTTPConnection(ANYWHERE.get(self._host, self._host), self._port, timeout=1)
        try:
            connection.request("GET", "/ready")
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()
