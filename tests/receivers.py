"""A receiver of webhooks: a real server that keeps what it was sent and answers as it is told."""

import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as it came, and what it was answered."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int
    at: float

    @property
    def event(self) -> dict[str, Any]:
        """Return what it tells."""
        return dict(json.loads(self.body))

    @property
    def delivery(self) -> str:
        """Return the delivery's id."""
        return self.headers["X-Evenhand-Delivery"]

    def is_signed_with(self, secret: str) -> bool:
        """Say whether the signature is the secret's."""
        stamp, _, signature = self.headers["X-Evenhand-Signature"].removeprefix("t=").partition(",v1=")
        wanted = hmac.new(secret.encode(), f"{stamp}.".encode() + self.body, sha256).hexdigest()
        return hmac.compare_digest(wanted, signature)


@dataclass(slots=True)
class Receiver:
    """Answers each call with the status that `answer` returns for the number of calls before; first it may hang."""

    url: str
    answer: Callable[[int], int] = lambda _: 200
    hangs_for: float = 0.0
    hangs_up: bool = False
    hanging: int = 0
    location: str = ""
    calls: list[Call] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def accepted(self) -> list[Call]:
        """Return the calls that it took."""
        return [call for call in self.calls if call.status < 300]


@dataclass(slots=True)
class Babbler:
    """Answers each call with the same bytes, whether or not they are HTTP."""

    url: str
    said: bytes
    calls: int = 0

    def serve(self, server: socket.socket) -> None:
        """Answer until the server is closed."""
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                self.calls += 1
                with connection, suppress(OSError):
                    _read_request(connection)
                    connection.sendall(self.said)


def _read_request(connection: socket.socket) -> None:
    with connection.makefile("rb") as came:
        length = 0
        while (line := came.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        came.read(length)


@contextmanager
def receiver(**how: Any) -> Iterator[Receiver]:
    """Serve on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", **how)  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.receiver  # type: ignore[attr-defined]
    finally:
        server.receiver.released.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


@contextmanager
def dripping() -> Iterator[str]:
    """Serve an answer that comes a byte at a time and never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_drip, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def _drip(server: socket.socket) -> None:
    try:
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while True:
                connection.sendall(b"a")
                time.sleep(0.02)
    except OSError:
        return  # the other side has enough


@contextmanager
def babbling(said: bytes) -> Iterator[Babbler]:
    """Serve an answer of these bytes to every call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Babbler(f"http://127.0.0.1:{server.getsockname()[1]}/", said)
        threading.Thread(target=made.serve, args=(server,), daemon=True).start()
        yield made


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = receiver.answer(len(receiver.calls))
        receiver.calls.append(
            Call(path=self.path, headers=dict(self.headers), body=body, status=status, at=time.monotonic())
        )
        if receiver.hangs_for:
            receiver.hanging += 1
            receiver.released.wait(receiver.hangs_for)
            receiver.hanging -= 1
        if receiver.hangs_up:
            self.close_connection = True
            return
        with suppress(OSError):  # the caller waited no longer
            self._answer(status, receiver.location)

    def _answer(self, status: int, location: str) -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""
