"""Which answers of a helpdesk are taken, within which time and size, and what the others are told as."""

import gzip
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.http_client import helpdesk_answers as answers
from dashboard.http_client.helpdesk_client import CUT, NO_HTTP, SLOW
from dashboard.http_client.pinned_transport import CallSeconds
from tests.desk_servers import OpenGate, Reply, client_of, desk_server
from tests.receivers import babbling, dripping

NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)
IMPATIENT = CallSeconds(reading=0.3)


def failure_of(url: str, **how: object) -> HelpdeskUnavailable:
    with pytest.raises(HelpdeskUnavailable) as failed:
        client_of(url, **how).send("POST", "/api", {"a": 1})
    return failed.value


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422])
@pytest.mark.parametrize(("body", "value"), [(b'{"error": "no"}', {"error": "no"}), (b"<html>no", None), (b"", None)])
def test_a_refusal_is_returned_for_the_adapter_to_judge(status: int, body: bytes, value: object):
    """C18"""
    with desk_server(lambda _: Reply(status=status, body=body)) as desk:
        answer = client_of(desk.url).get("/api")

    assert (answer.status, answer.json) == (status, value)


def test_an_empty_answer_has_no_json():
    """C13"""
    with desk_server(lambda _: Reply(body=b"\n")) as desk:
        assert client_of(desk.url).get("/api").json is None


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"<html>secret", "text/html", answers.A_PAGE),
        (b"secret", "application/json", answers.NOT_JSON),
        (b'{"a": NaN}', "application/json", answers.NOT_JSON),
        (b'{"a": "\xff"}', "application/json", answers.NOT_JSON),
        (b"[" * 100_000, "application/json", answers.NOT_JSON),
        (b"9" * 10_000, "application/json", answers.NOT_JSON),
    ],
    ids=["a page", "text", "NaN", "no UTF-8", "too deep", "a long number"],
)
def test_what_is_not_json_is_no_answer_and_is_not_quoted(body: bytes, kind: str, sentence: str):
    """C18"""
    with desk_server(lambda _: Reply(body=body, headers={"Content-Type": kind})) as desk:
        failed = failure_of(desk.url)

    assert failed.sentence == sentence
    assert failed.__cause__ is failed.__context__ is None


@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(body=b'{"a": 1', length=100), NO_HTTP),
        (Reply(body=gzip.compress(b"{}" * 1000)[:-12], headers={"Content-Encoding": "gzip"}), answers.BROKEN),
        (Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}), answers.BROKEN),
        (Reply(headers={"Content-Encoding": "br"}), answers.BROKEN),
    ],
    ids=["cut", "cut gzip", "no gzip", "another encoding"],
)
def test_a_body_that_is_not_whole_is_no_answer(reply: Reply, sentence: str):
    """C18"""
    with desk_server(lambda _: reply) as desk:
        assert failure_of(desk.url).sentence in {sentence, CUT}


@pytest.mark.parametrize("said", [b"SSH-2.0-OpenSSH\r\n", b"", b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n"])
def test_what_is_not_http_is_no_answer(said: bytes):
    """C18"""
    with babbling(said) as babbler:
        assert failure_of(babbler.url).sentence in {NO_HTTP, CUT, answers.BROKEN}


def test_a_zipped_answer_is_read():
    """C4"""
    zipped = gzip.compress(b'{"a": 1}')
    with desk_server(lambda _: Reply(body=zipped, headers={"Content-Encoding": "gzip"})) as desk:
        assert client_of(desk.url).get("/").json == {"a": 1}


def test_an_answer_that_drips_ends_when_its_whole_time_is_over():
    """C4: seen to hang with a time-out of the socket, which begins again with each byte."""
    with dripping() as url:
        assert failure_of(url, seconds=IMPATIENT).sentence == SLOW


def test_a_body_that_drips_ends_when_its_whole_time_is_over():
    """C4"""
    with babbling(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{") as stuck:
        assert failure_of(stuck.url, seconds=IMPATIENT).sentence in {SLOW, NO_HTTP}
    released = threading.Event()
    with desk_server(lambda _: Reply(status=200 if released.wait(60) else 500)) as silent:
        assert failure_of(silent.url, seconds=IMPATIENT).sentence == SLOW
        released.set()


def test_an_answer_of_more_than_ten_mebibytes_is_not_read():
    """C4"""
    with desk_server(lambda _: Reply(body=b" " * answers.MOST_READ + b"1")) as large:
        assert failure_of(large.url).sentence == answers.TOO_LARGE
    with babbling(b"HTTP/1.0 200 OK\r\n\r\n" + b" " * (answers.MOST_READ + 1)) as endless:
        assert failure_of(endless.url).sentence == answers.TOO_LARGE
    with desk_server(lambda _: Reply(body=b" " * (answers.MOST_READ - 1) + b"1")) as fits:
        assert client_of(fits.url).get("/").json == 1


def test_a_bomb_of_gzip_takes_no_more_memory_than_ten_mebibytes_need():
    """C4: seen to fail with the decoder of httpx, which unzips all that came at once."""
    bomb = gzip.compress(b" " * (128 * 1024 * 1024), compresslevel=9)
    with desk_server(lambda _: Reply(body=bomb, headers={"Content-Encoding": "gzip"})) as desk:
        tracemalloc.start()
        try:
            sentence = failure_of(desk.url).sentence
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert sentence == answers.TOO_LARGE
    assert peak < 48 * 1024 * 1024


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "Mon, 02 Mar 2026 15:00:30 GMT", "Date": "Mon, 02 Mar 2026 15:00:00 GMT"}, 30),
        ({"Retry-After": "Mon, 02 Mar 2026 12:01:20 GMT"}, 60),
        ({"Retry-After": "Mon, 02 Mar 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "99999999999999999999"}, 3_600),
        ({"Retry-After": "soon", "Date": "Mon, 02 Mar 2026 15:00:45 GMT"}, 15),
        ({"Date": "Mon, 02 Mar 2026 15:00:00 GMT"}, 60),
        ({"Retry-After": "-5"}, 40),
        ({}, 40),
    ],
)
def test_a_429_tells_when_the_next_call_may_be_made(headers: dict[str, str], seconds: int):
    """C18: Retry-After in seconds or as the helpdesk's date, else the next whole minute of the helpdesk's clock."""
    gate, wait = OpenGate(), timedelta(seconds=seconds)
    with desk_server(lambda _: Reply(status=429, body=b"Retry later", headers=headers)) as desk:
        with pytest.raises(HelpdeskUnavailable) as failed:
            client_of(desk.url, gate=gate, now=lambda: NOON).get("/api")

        assert failed.value.retry_at == NOON + wait
        assert gate.reports == [(429, False, wait)]
        assert len(desk.asked) == 1


def test_characters_that_no_store_keeps_are_replaced():
    """C6: a subject with a zero byte would otherwise end every reading of its page."""
    said = rb'{"subject": "a\u0000b \ud83d", "labels": ["\udc00", "\\u0000", "\ud83d\ude00"]}'
    with desk_server(lambda _: Reply(body=said)) as desk:
        answer = client_of(desk.url).get("/api")

    assert answer.json == {"subject": "a\ufffdb \ufffd", "labels": ["\ufffd", "\\u0000", "\U0001f600"]}
