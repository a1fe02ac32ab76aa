"""The real web processes, and clients that talk to them byte by byte."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException, parse_headers
from io import BytesIO
from urllib.request import urlopen

import psutil

from dashboard.config import ROOT, Settings
from tests.stack.running import FOREIGN, a_free_port
from tests.waiting import PATIENCE, eventually

SERVE = (sys.executable, "-m", "dashboard.serving")
# The same, except that a slow client has longer than a test takes on a busy machine.
SERVE_PATIENTLY = (
    sys.executable,
    "-c",
    "from dashboard.serving import __main__, connections as limits\n"
    "limits.ARRIVES_WITHIN = limits.READ_WITHIN = limits.KEPT_FOR = 1_200.0\n"
    "__main__.main()",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that arrived whole; the names of its headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Web processes at work."""

    port: int
    process: subprocess.Popen[bytes]

    def connect(self, *said: bytes) -> socket.socket:
        """Return a connection on which this has been said."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        for words in said:
            client.sendall(words)
        return client

    def ask(self, *said: bytes) -> Answer:
        """Return the answer to this; fails when none comes."""
        with closing(self.connect(*said)) as client:
            return answer(client)

    def is_up(self, within: float = PATIENCE) -> bool:
        """Say whether a stranger is answered in time."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/up", timeout=within) as found:
                return bool(found.status == 200)
        except OSError:
            return False

    def workers(self) -> list[psutil.Process]:
        """Return the processes that answer."""
        return psutil.Process(self.process.pid).children()


@contextmanager
def site(settings: Settings, *options: str, serve: Sequence[str] = SERVE) -> Iterator[Site]:
    """Serve on a free port until the end of the block."""
    port = a_free_port()
    process = subprocess.Popen([*serve, "--port", str(port), *options], cwd=ROOT, env=_environment(settings))
    found = Site(port=port, process=process)
    try:
        eventually(found.is_up)
        yield found
    finally:
        process.terminate()
        process.wait()


def refused(settings: Settings, **env: str) -> str:
    """Return what is printed by a start that fails."""
    words = [*SERVE, "--port", str(a_free_port())]
    done = subprocess.run(
        words,
        check=False,
        cwd=ROOT,
        env=_environment(settings) | env,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def _environment(settings: Settings) -> dict[str, str]:
    known = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    stores = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    return known | stores | {"SECRET_KEY": settings.secret_key}


def answer(client: socket.socket, method: str = "GET") -> Answer:
    """Return the next answer on a connection, and leave there what comes behind it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += _exactly(client, 1)
    first, _, rest = head.partition(b"\r\n")
    headers = {name.lower(): value for name, value in parse_headers(BytesIO(rest)).items()}
    status = int(first.split()[1])
    has_body = method != "HEAD" and status not in (204, 304)
    body = _exactly(client, int(headers["content-length"])) if has_body else b""
    return Answer(status=status, headers=headers, body=body)


def _exactly(client: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        piece = client.recv(length - len(found))
        assert piece, f"The connection ended after {found!r}."
        found += piece
    return found


def is_over(client: socket.socket) -> bool:
    """Say whether the other side closed the connection, and wait for it."""
    try:
        return client.recv(1) == b""
    except (ConnectionError, HTTPException):
        return True
    except TimeoutError:
        return False
