"""Clients that are slow, silent or deaf take nobody else's turn, at the real server."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.request import urlopen

import pytest

from dashboard.config import ROOT, Settings
from dashboard.stack.patience import LARGEST_BODY, arrival
from tests.stack.running import FOREIGN, a_free_port
from tests.waiting import PATIENCE, eventually

# More than all threads of all web processes.
MANY = 40
# Gunicorn, except that a slow client has longer than a test takes on a busy machine.
SERVER = """
from dashboard.stack import patience
patience.ARRIVES_WITHIN = patience.READ_WITHIN = 600.0
from gunicorn.app.wsgiapp import run
run()
"""


@pytest.fixture(scope="module")
def port(settings: Settings) -> Iterator[int]:
    """Gunicorn as it is run, on a free port."""
    found = a_free_port()
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    env |= {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": "x"}
    web = [
        "app:create_app()",
        "--config",
        "python:dashboard.stack.gunicorn",
        "--bind",
        f"127.0.0.1:{found}",
    ]
    process = subprocess.Popen([sys.executable, "-c", SERVER, *web], cwd=ROOT, env=env)
    eventually(lambda: is_up(found))
    yield found
    process.send_signal(signal.SIGTERM)
    process.wait()


def is_up(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/up", timeout=PATIENCE) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def said(port: int, words: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(words)
    return client


HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SLOW = {
    "who says nothing": b"",
    "who has begun a word": b"GE",
    "whose head does not end": b"GET /up HTTP/1.1\r\nHost: localhost\r\nX-A: b\r\n",
    "whose chunks do not end": HEAD + b"Transfer-Encoding: chunked\r\n\r\n7\r\nemail=a\r\n",
    "whose body does not come": HEAD + b"Content-Length: 1000000\r\n\r\nemail=a",
}


@pytest.mark.parametrize("who", SLOW)
def test_others_are_served_beside_clients(port: int, who: str) -> None:
    """Seen to fail with gunicorn's own gthread: each of them holds every thread for as long as they like."""
    with ExitStack() as held:
        clients = [held.enter_context(closing(said(port, SLOW[who]))) for _ in range(MANY)]
        time.sleep(0.2)
        assert all(is_up(port) for _ in range(10))
        for client in clients:
            client.setblocking(False)
            with pytest.raises(BlockingIOError):
                client.recv(1)  # still waited for


def test_a_request_that_comes_in_pieces_is_answered(port: int) -> None:
    with closing(said(port, b"")) as client:
        for piece in (HEAD[:10], HEAD[10:], b"Content-Length: 7\r\nConnection: close\r\n", b"\r\n", b"ema", b"il=a"):
            time.sleep(0.05)
            client.sendall(piece)
        client.settimeout(PATIENCE)

        assert client.recv(64).startswith(b"HTTP/1.1 400 ")


def test_the_next_request_of_a_connection_is_waited_for_as_well(port: int) -> None:
    """Seen to fail with gunicorn's own gthread."""
    whole = b"GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with ExitStack() as held:
        clients = [held.enter_context(closing(said(port, whole))) for _ in range(MANY)]
        for client in clients:
            client.settimeout(PATIENCE)
            assert client.recv(4_096).startswith(b"HTTP/1.1 200 ")
            client.sendall(whole[:-2])
        time.sleep(0.2)
        assert all(is_up(port) for _ in range(5))
        clients[0].sendall(whole[-2:])
        assert clients[0].recv(4_096).startswith(b"HTTP/1.1 200 ")


def test_chunks_that_end_are_answered(port: int) -> None:
    with closing(
        said(port, HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n7\r\nemail=a\r\n")
    ) as client:
        client.sendall(b"0\r\n\r\n")
        client.settimeout(PATIENCE)

        assert client.recv(64).startswith(b"HTTP/1.1 400 ")


def test_a_body_of_the_largest_size_gets_through(port: int) -> None:
    with closing(said(port, HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % LARGEST_BODY)) as client:
        client.sendall(b"x" * LARGEST_BODY)
        client.settimeout(PATIENCE)

        assert client.recv(64).startswith(b"HTTP/1.1 4")


@pytest.mark.parametrize(
    ("seen", "needed"),
    [
        (b"", 1),
        (b"GET / HTTP/1.1\r\n", 17),
        (b"GET / HTTP/1.1\r\n\r\n", 18),
        (b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc", 49),
        (b"POST / HTTP/1.1\r\ncontent-length:10\r\nX: y\r\n\r\n", 54),
        (b"POST / HTTP/1.1\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", 61),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", 0),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 48),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 48),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 58),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", 58),
        (b"x" * 65_536, 0),
    ],
)
def test_what_is_waited_for_is_what_can_come(seen: bytes, needed: int) -> None:
    assert arrival(seen).needed == needed
