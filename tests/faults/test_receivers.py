"""Receivers of webhooks that do what they should not, while a desk is at work."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil
import pytest

from dashboard.http_client.client import TIME_OUT
from tests.faults.conftest import Lengths
from tests.faults.load import Load
from tests.faults.stack import HEALED_WITHIN
from tests.processes import family
from tests.receivers import Call, Receiver, receiver

pytestmark = pytest.mark.gate

LARGEST = 300 * 1024 * 1024
EVENTS = ("assignee_changed", "conversation_created")


def test_receivers_that_hang_flood_or_lead_elsewhere_hold_up_nobody(load: Load, lengths: Lengths):
    """E44: assignments go on, the one that behaves is told of everything meanwhile, and no memory is filled.

    Seen to fail with one receiver at a time: it was told of nothing while the first hung; with the answer read to its
    end: 597 MB; and with the redirection followed, which http.client does not do by itself.
    """
    sizes: list[int] = []
    with receiver() as good, receiver(hangs_for=60.0) as hangs, flooding() as floods, receiver() as inner:
        with receiver(answer=lambda _: 302, location=inner.url) as leads:
            made = [listen(load, url) for url in (good.url, hangs.url, floods.url, leads.url)]
            before = set(load.taken.values())
            load.runs_for(lengths.phase, lambda: sizes.append(size(load)))
            load.rest()
            came = set(load.taken.values()) - before
            load.stack.until(lambda: told(good, "conversation_created") >= came, HEALED_WITHIN)
            hangs.released.set()
            for webhook in made:
                load.api.call("DELETE", f"/api/v1/accounts/{load.account_id}/webhooks/{webhook}")

        assert came
        assert told(good, "assignee_changed") & came
        assert told_while_first_hung(good, hangs)
        assert floods.calls
        assert leads.calls
        assert not inner.calls
        assert max(sizes) < LARGEST


def listen(load: Load, url: str) -> int:
    return load.post("/webhooks", {"url": url, "subscriptions": list(EVENTS)})["id"]


def told(receiver: Receiver, event: str) -> set[int]:
    """Return the conversations of which it took such an event."""
    calls = [call.event for call in receiver.accepted()]
    return {said["conversation"]["id"] for said in calls if said["event"] == event}


def told_while_first_hung(receiver: Receiver, hangs: Receiver) -> list[Call]:
    """Return what it took while the other was waited for, for the first time."""
    began = hangs.calls[0].at
    return [call for call in receiver.accepted() if began < call.at < began + TIME_OUT]


def size(load: Load) -> int:
    """Return how much memory the largest process that delivers holds."""
    found = [0]
    with suppress(psutil.NoSuchProcess):
        found += [process.memory_info().rss for process in family(load.stack.kept["webhooks"].process.pid)]
    return max(found)


@dataclass(slots=True)
class Flood:
    """Answers each call with ten gigabytes."""

    url: str
    calls: int = 0

    def accept(self, server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                self.calls += 1
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
            while True:
                connection.sendall(bytes(1_000_000))


@contextmanager
def flooding() -> Iterator[Flood]:
    """Serve one on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = Flood(f"http://127.0.0.1:{server.getsockname()[1]}/")
        threading.Thread(target=made.accept, args=(server,), daemon=True).start()
        yield made
