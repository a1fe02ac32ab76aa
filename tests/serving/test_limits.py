"""A web process has room for a number of connections and bytes; strangers who take it make way for others."""

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

import pytest

from dashboard.serving import connections, server
from dashboard.serving.server import WebServer
from tests import sites
from tests.waiting import PATIENCE, eventually

MOST = 20
ASKED = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SLOWLY = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n"
MUCH = b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n"
MUCH_AND_LEAVE = MUCH[:-2] + b"Connection: close\r\n\r\n"
BODY = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
TOLD_TO_GO_ON = BODY[:-2] + b"Expect: 100-continue\r\n\r\n"


@dataclass(slots=True, kw_only=True)
class Served:
    """A web process in a thread, its clients, and an application whose slow answers wait for a word."""

    listener: socket.socket
    held: ExitStack
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    beats: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go_on: threading.Event = field(default_factory=threading.Event)
    server: WebServer = field(init=False)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.server = WebServer(self.answer, self.listener, beat=self.beats.release)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.release()
        if environ["PATH_INFO"] == "/slow":
            assert self.go_on.wait(PATIENCE)
        body = b"x" * 20_000_000 if environ["PATH_INFO"] == "/much" else b"hello"
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def connect(self, *said: bytes) -> socket.socket:
        client = self.held.enter_context(
            closing(socket.create_connection(self.listener.getsockname(), timeout=PATIENCE))
        )
        for words in said:
            client.sendall(words)
        return client

    def answered(self) -> socket.socket:
        """Return a client that was answered, once the process knows it too: an answer arrives before that."""
        client = self.connect(ASKED)
        assert sites.answer(client).status == 200
        eventually(self.has_answered_all)
        return client

    def has_answered_all(self) -> bool:
        return all(one.was_answered and one.is_idle for one in list(self.server.active_channels.values()))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A web process with little room."""
    monkeypatch.setattr(server, "MOST_CONNECTIONS", MOST)
    monkeypatch.setattr(server, "LOOKS_EVERY", 0.05)
    for limit in (
        "ARRIVES_WITHIN",
        "READ_WITHIN",
        "KEPT_FOR",
    ):  # on a busy machine too
        monkeypatch.setattr(connections, limit, 1_200.0)
    with ExitStack() as held:
        listener = held.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        found = Served(listener=listener, held=held)
        yield found
        found.go_on.set()
        found.server.stop()
        found.thread.join()


def test_who_asks_gets_the_place_of_somebody_who_is_silent(served: Served) -> None:
    """Seen to fail with waitress's own limit: whoever comes later waits until those who are silent are closed."""
    silent = [served.connect() for _ in range(MOST)]

    assert sites.answer(served.connect(ASKED)).body == b"hello"

    assert sites.is_over(silent[0])


def test_whoever_was_answered_stays_while_strangers_come(served: Served) -> None:
    """Seen to fail with the oldest closed, whoever it is."""
    tabs = [served.answered() for _ in range(5)]

    for number in range(5 * MOST):
        served.connect(b"GET /" if number % 2 else b"")
    for tab in tabs:
        tab.sendall(ASKED)

    assert all(sites.answer(tab).status == 200 for tab in tabs)


def test_a_newcomer_gets_a_place_when_answered_connections_hold_all(served: Served) -> None:
    """Seen to fail with answered connections kept before all others: each newcomer was closed at once."""
    tabs = [served.answered() for _ in range(MOST)]

    newcomers = [served.connect() for _ in range(3)]
    for newcomer in newcomers:
        newcomer.sendall(ASKED)

    assert all(sites.answer(one).body == b"hello" for one in newcomers)
    assert all(sites.is_over(tab) for tab in tabs[:3])
    tabs[-1].sendall(ASKED)
    assert sites.answer(tabs[-1]).body == b"hello"


def test_answered_connections_keep_three_quarters_of_the_places(served: Served) -> None:
    """Seen to fail with no connection preferred, and with half of the places."""
    tabs = [served.answered() for _ in range(MOST * 3 // 4)]

    for _ in range(3 * MOST):
        served.connect()
    for tab in tabs:
        tab.sendall(ASKED)

    assert all(sites.answer(tab).status == 200 for tab in tabs)


def test_nobody_who_is_served_makes_way(served: Served) -> None:
    busy = [served.connect(SLOWLY) for _ in range(server.THREADS)]
    for _ in busy:
        assert served.asked.acquire(timeout=PATIENCE)

    for _ in range(3 * MOST):
        served.connect()
    served.go_on.set()

    assert all(sites.answer(one).body == b"hello" for one in busy)


def test_unfinished_bodies_make_way_when_they_are_too_much_for_the_memory(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with each kept for as long as it takes: a megabyte for each of a thousand connections."""
    monkeypatch.setattr(server, "MOST_HELD", 5_000_000)
    hoarders = [served.connect(BODY, b"x" * 900_000) for _ in range(8)]

    assert all(sites.is_over(one) for one in hoarders[:3])
    hoarders[-1].sendall(b"x" * 100_000)
    assert sites.answer(hoarders[-1]).body == b"hello"


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("ARRIVES_WITHIN", ASKED[:-2]),
        ("ARRIVES_WITHIN", BODY),
        ("KEPT_FOR", b""),
        ("READ_WITHIN", MUCH),
        ("LINGERS_FOR", ASKED[:-2] + b"Connection: close\r\n\r\n"),
    ],
)
def test_no_client_has_for_ever(served: Served, monkeypatch: pytest.MonkeyPatch, limit: str, said: bytes) -> None:
    """Seen to fail with each of these limits infinite."""
    monkeypatch.setattr(connections, limit, 0.2)
    served.connect(said)

    eventually(lambda: served.server.active_channels)
    eventually(lambda: not served.server.active_channels)


def test_a_client_that_sends_a_letter_at_a_time_does_not_have_for_ever_either(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with waitress's own limit, which begins anew with each letter."""
    monkeypatch.setattr(connections, "ARRIVES_WITHIN", 0.5)
    client = served.connect(ASKED[:-2] + b"X-A: ")

    def is_cut() -> bool:
        try:
            client.sendall(b"b")
        except ConnectionError:
            return True
        return False

    eventually(is_cut)


def test_a_connection_is_no_longer_read_after_what_is_thrown_away(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail without a bound: whoever goes on sending is listened to."""
    monkeypatch.setattr(connections, "LINGERS_FOR", PATIENCE)
    client = served.connect(BODY.replace(b"1000000", b"99999999999"))

    with pytest.raises(ConnectionError):
        client.sendall(b"x" * 2 * connections.LINGERS_OVER)


def test_a_process_that_is_stopped_answers_those_who_have_asked(served: Served) -> None:
    """Seen to fail with a process that ends at once."""
    idle, asking, begun = served.connect(ASKED), served.connect(SLOWLY), served.connect(ASKED[:5])
    assert sites.answer(idle).status == 200
    for _ in range(2):
        assert served.asked.acquire(timeout=PATIENCE)

    served.server.stop()

    assert sites.is_over(idle)
    assert sites.is_over(begun)
    served.go_on.set()
    assert sites.answer(asking).body == b"hello"
    assert sites.is_over(asking)
    served.thread.join(PATIENCE)
    assert not served.thread.is_alive()


def test_a_process_that_is_stopped_does_not_wait_for_those_who_do_not_read(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "STOPS_WITHIN", 0.5)
    served.connect(MUCH)
    assert served.asked.acquire(timeout=PATIENCE)

    served.server.stop()

    served.thread.join(PATIENCE)
    assert not served.thread.is_alive()


def test_a_process_whose_threads_all_hang_does_not_go_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its parent replaces it then. Seen to fail with the beat of the loop alone, which goes on beside them."""
    monkeypatch.setattr(server, "HANGS_AFTER", 0.3)
    hanging = [served.connect(SLOWLY) for _ in range(server.THREADS)]
    for _ in hanging:
        assert served.asked.acquire(timeout=PATIENCE)
    for _ in range(20):
        assert served.beats.acquire(timeout=PATIENCE)  # as long as nobody waits for them

    waiting = served.connect(ASKED)
    eventually(lambda: not served.beats.acquire(timeout=0.3))
    served.go_on.set()

    assert sites.answer(waiting).body == b"hello"
    assert served.beats.acquire(timeout=PATIENCE)


@pytest.mark.parametrize("said", [b"", BODY, MUCH, MUCH_AND_LEAVE, TOLD_TO_GO_ON, ASKED * 50])
def test_a_client_that_breaks_its_connection_ends_nothing_else(served: Served, said: bytes) -> None:
    """Seen to fail with a connection that was closed twice: an error in the loop ended the web process."""
    for _ in range(30):
        client = served.connect(said)
        if said in (MUCH, MUCH_AND_LEAVE, ASKED * 50):
            assert served.asked.acquire(timeout=PATIENCE)
            assert client.recv(10)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    assert sites.answer(served.connect(ASKED)).body == b"hello"
    eventually(lambda: len(served.server.active_channels) == 1)
    assert served.thread.is_alive()
