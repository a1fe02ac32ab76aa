"""Receivers of webhooks that do what they should not, while a desk is at work."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.faults.conftest import Lengths
from tests.faults.load import Load
from tests.receivers import receiver

LARGEST = 300 * 1024 * 1024


def test_receivers_that_hang_flood_or_lead_elsewhere_hold_up_nobody(load: Load, lengths: Lengths):
    """E44: assignments go on, the one that behaves is told, and no memory is filled."""
    with receiver() as good, receiver(hangs_for=60.0) as hangs, flooding() as floods, receiver() as inner:
        with receiver(answer=lambda _: 302, location=inner.url) as leads:
            made = [listen(load, url) for url in (good.url, hangs.url, floods, leads.url)]
            load.runs_for(lengths.phase)
            hangs.released.set()
            for webhook in made:
                load.api.call("DELETE", f"/api/v1/accounts/{load.account_id}/webhooks/{webhook}")

        assert hangs.calls
        assert leads.calls
        assert not inner.calls
        assert good.accepted()
        assert psutil.Process(load.stack.kept["webhooks"].process.pid).memory_info().rss < LARGEST


def listen(load: Load, url: str) -> int:
    events = ["assignee_changed", "conversation_created"]
    return load.post("/webhooks", {"url": url, "subscriptions": events})["id"]


@contextmanager
def flooding() -> Iterator[str]:
    """Serve an answer of ten gigabytes to whoever asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def _accept(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_flood, args=server.accept()[:1], daemon=True).start()


def _flood(connection: socket.socket) -> None:
    with suppress(OSError), connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n")
        while True:
            connection.sendall(bytes(1_000_000))
