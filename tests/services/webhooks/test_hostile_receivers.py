"""A receiver that answers with malice costs its own delivery, and nobody else's."""

import threading
import time
import tracemalloc
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from dashboard.http_client import client
from dashboard.http_client.client import NOT_ALLOWED, NOT_HTTP, Outgoing, Post, ReceiverResponse
from dashboard.http_client.url_guard import Resolve
from dashboard.services.webhooks import deliver
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow
from dashboard.store.models import Inbox
from tests.desks import Acme
from tests.listening import ANYWHERE, Line
from tests.receivers import babbling, receiver
from tests.waiting import PATIENCE, eventually

SILENT_FOR = 20.0
MEGABYTE = 1024 * 1024
OK = b"HTTP/1.1 200 OK\r\n"
ENDLESS = {
    "folds": (b" " + b"x\r " * 20_000 + b"\r\n") * 99,
    "bare returns": (b"a:" + b"\ra:" * 20_000 + b"\r\n") * 99,
    "long fields": (b"a:" + b"x" * 65_000 + b"\r\n") * 99,
    "many fields": b"a:b\r\n" * 1_000_000,
}


def called(outgoing: Outgoing, url: str) -> ReceiverResponse:
    return outgoing.post(Post(url=url, body=b"{}", headers={}))


def silent_until(found: threading.Event, asked: list[str]) -> Resolve:
    """Return a resolver whose name server is silent, for longer than anybody waits, and gives up then."""

    def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if not found.wait(SILENT_FOR):
            found.set()
        return ["127.0.0.1"]

    return resolve


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("status", [b"HTTP/1.1 103 Early Hints\r\n", OK])
def test_a_head_of_megabytes_takes_no_memory_and_no_time_of_other_receivers(kind: str, status: bytes) -> None:
    """Seen to fail with the fields taken apart: 6 MB of them took 4 s of processor and a gigabyte of memory."""
    with babbling((status + ENDLESS[kind] + b"\r\n") * 2) as babbler:
        tracemalloc.start()
        began = time.thread_time()
        answer = called(ANYWHERE, babbler.url)
        took, (_, peak) = time.thread_time() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert (answer.status, answer.error, answer.silent) == (None, NOT_HTTP, True)
    assert took < 0.5
    assert peak < 2 * MEGABYTE


@pytest.mark.parametrize("said", [OK, OK + b"Server: a\r\n", OK + b"Server: a"])
def test_a_head_that_breaks_off_accepts_nothing(said: bytes) -> None:
    """Seen to fail with its end taken for an empty line: the delivery counted as done."""
    with babbling(said) as babbler:
        answer = called(ANYWHERE, babbler.url)

    assert (answer.accepted, answer.silent) == (False, True)


def test_a_head_of_many_kilobytes_is_read_as_any_other() -> None:
    with babbling(OK + (b"a: " + b"b" * 1_000 + b"\r\n") * 60 + b"\r\n") as babbler:
        assert called(ANYWHERE, babbler.url) == ReceiverResponse(status=200)


def test_a_turn_that_outlasts_its_lease_is_not_begun_again_beside_itself(acme: Acme) -> None:
    """As after a pause of the machine. Seen to fail: the same process took its own receiver again, five times."""
    line = Line(acme=acme)

    def answer(_: int) -> int:
        line.now += 2 * deliver.LEASE
        time.sleep(5 * deliver.GLANCE)
        return 200

    with receiver(answer=answer) as slow, receiver() as good:
        webhooks = [line.listen(heard.url) for heard in (slow, good)]
        line.happens(*acme.waiting(1))

        line.deliver()

    assert (len(slow.calls), len(good.calls)) == (1, 1)
    assert [one.status for webhook in webhooks for one in line.deliveries(webhook)] == ["delivered"] * 2


def test_receivers_that_hang_leave_places_to_other_accounts(acme: Acme) -> None:
    """Seen to fail with the place of a receiver whoever owns it: the other account's was told after all of them."""
    line = Line(acme=acme)
    globex = acme.work.session.scalars(select(Inbox.account_id).where(Inbox.id == acme.stranger_inbox_id)).one()
    with receiver(hangs_for=PATIENCE) as slow, receiver() as good:

        def answer(_: int) -> int:
            seen.append(slow.hanging)
            slow.released.set()
            return 200

        seen: list[int] = []
        good.answer = answer
        for number in range(deliver.RECEIVERS_AT_ONCE + 1):
            line.listen(f"{slow.url}/{number}")
        line.happens(*acme.waiting(1))
        line.listen(good.url, account_id=globex)
        event = EventRow(account_id=globex, events=(Event.CONVERSATION_UPDATED,), conversation_id=None, at=line.now)
        ledger.write_events(acme.work.session, [event])
        acme.work.session.commit()

        line.deliver()

    assert seen
    assert 0 < seen[0] <= deliver.OF_ONE_ACCOUNT


def test_a_name_server_that_is_silent_takes_no_longer_than_a_receiver() -> None:
    """Seen to fail with the system's resolver waited for, past the end of the lease."""
    found = threading.Event()
    outgoing = Outgoing(allow_private=False, time_out=0.3, resolve=silent_until(found, []))

    answer = called(outgoing, "http://slow.example/")

    assert answer == ReceiverResponse(error="No answer within 0.3 s.", silent=True)
    assert not found.is_set()
    found.set()


def test_names_in_forms_whose_name_server_is_silent_hold_few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with the system's resolver waited for: a form held its web thread for as long."""
    monkeypatch.setattr(client, "FORM_WAITS", 0.3)
    found, asked = threading.Event(), []
    outgoing = Outgoing(allow_private=False, resolve=silent_until(found, asked))

    assert [outgoing.refusal(f"http://{number}.slow.example/") for number in range(20)] == [None] * 20
    assert not found.is_set()
    found.set()

    assert len(asked) == client.NAMES_AT_ONCE
    eventually(lambda: outgoing.refusal("http://slow.example/") == NOT_ALLOWED)
