"""Clients that are slow, silent or deaf take nobody else's turn, at the real server."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection

import pytest

from dashboard.config import Settings
from dashboard.serving.messages import LARGEST_BODY
from tests import sites
from tests.sites import Site
from tests.waiting import PATIENCE

# Many times the 24 threads of all web processes.
MANY = 400
UP = b"GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n"
HEAD = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
UNFINISHED = {
    "that are silent": b"",
    "that have begun a word": b"GE",
    "whose head does not end": UP[:-2],
    "whose body does not come": HEAD + b"Content-Length: 1000000\r\n\r\nemail=a",
    "that wait to be told to go on": HEAD + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n",
    "that wait to be told to go on with chunks": HEAD + b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    "whose chunks do not end": CHUNKED + b"7\r\nemail=a\r\n",
    "whose chunk contains an end": CHUNKED + b"1000\r\n\r\n0\r\n\r\n",
    "whose length has many digits": HEAD + b"Content-Length: 00000090000\r\n\r\nemail=a",
    "whose trailer does not end": CHUNKED + b"0\r\nX-A: b\r\n",
}


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[Site]:
    """Evenhand as it is served, with all the time in the world."""
    with sites.site(settings, serve=sites.SERVE_PATIENTLY) as found:
        yield found


@contextmanager
def held(site: Site, count: int, said: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(closing(site.connect(said))) for _ in range(count)]


def is_cut(client: socket.socket) -> bool:
    """Return whether its connection was closed; words to go on are no end."""
    client.setblocking(False)
    try:
        return not client.recv(100)
    except BlockingIOError:
        return False


def log_in_form(site: Site) -> int:
    """Return the status of the log-in's page, which asks a store."""
    connection = HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    with closing(connection):
        connection.request("GET", "/login")
        return connection.getresponse().status


@pytest.mark.parametrize("whose", UNFINISHED)
def test_others_are_served_beside_hundreds_of_requests(site: Site, whose: str) -> None:
    """Seen to fail with threads that read: of requests "that wait to be told to go on" or "whose chunk contains an
    end", 24 are all that are served in ten seconds."""
    with held(site, MANY, UNFINISHED[whose]) as clients:
        assert all(site.is_up() for _ in range(10))
        assert log_in_form(site) == 200
        assert not any(is_cut(client) for client in clients)  # they are still waited for


def test_others_are_served_beside_requests_that_come_letter_by_letter(site: Site) -> None:
    whole = HEAD + b"Content-Length: 200\r\n\r\n" + b"x" * 200
    with held(site, 100, b"") as clients:
        for number in range(0, len(whole) - 1, 20):
            for client in clients:
                client.sendall(whole[number : number + 1])
            assert site.is_up()


def test_others_are_served_beside_clients_that_do_not_read(site: Site) -> None:
    """Seen to fail with threads that send: each waits with its answer for a client that reads nothing."""
    asked = b"GET /static/img/board.png HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60
    with ExitStack() as stack:
        for _ in range(60):
            client = stack.enter_context(closing(socket.socket()))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            client.connect(("127.0.0.1", site.port))
            client.sendall(asked)
        assert all(site.is_up() for _ in range(200))


def test_a_request_that_comes_in_pieces_is_answered(site: Site) -> None:
    with closing(site.connect()) as client:
        for piece in (HEAD[:10], HEAD[10:], b"Content-Length: 7\r\nConnection: close\r\n", b"\r\n", b"ema", b"il=a"):
            client.sendall(piece)
            time.sleep(0.05)

        assert sites.answer(client).status == 400  # no token


def test_the_next_request_of_a_connection_is_waited_for_as_well(site: Site) -> None:
    with held(site, 60, UP) as clients:
        for client in clients:
            assert sites.answer(client).status == 200
            client.sendall(UP[:-2])
        assert all(site.is_up() for _ in range(5))
        clients[0].sendall(UP[-2:])
        assert sites.answer(clients[0]).status == 200


def test_chunks_that_end_are_answered(site: Site) -> None:
    with closing(site.connect(CHUNKED + b"7\r\nemail=a\r\n")) as client:
        client.sendall(b"0\r\n\r\n")

        assert sites.answer(client).status == 400  # no token


def test_who_waits_to_be_told_to_go_on_is_told(site: Site) -> None:
    with closing(site.connect(UNFINISHED["that wait to be told to go on"])) as client:
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"email=abc")

        assert sites.answer(client).status == 400  # no token


def test_a_body_of_the_largest_size_gets_through(site: Site) -> None:
    body = b"x" * LARGEST_BODY
    assert site.ask(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body), body).status == 400


def test_requests_that_come_at_once_are_answered_in_turn(site: Site) -> None:
    """Seen to fail without what waits behind a request that is answered."""
    with closing(site.connect(UP + UP.replace(b"/up", b"/none") + b"\r\n" + UP)) as client:
        assert [sites.answer(client).status for _ in range(3)] == [200, 404, 200]
