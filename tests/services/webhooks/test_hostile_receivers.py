"""A receiver that answers with malice costs its own delivery, and nobody else's."""

import time
import tracemalloc

import pytest

from dashboard.http_client.client import NOT_HTTP, Outgoing, Post, ReceiverResponse
from tests.listening import ANYWHERE
from tests.receivers import babbling

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
