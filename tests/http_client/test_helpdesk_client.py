"""What a call to a helpdesk returns, what it raises, when it ends, and what it never tells."""

import gzip
import logging
import threading
import traceback
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.http_client import helpdesk_answers as answers
from dashboard.http_client.helpdesk_client import ATTEMPTS, CUT, NO_HTTP, SLOW
from dashboard.http_client.pinned_transport import CallSeconds, HelpdeskTransports
from tests.desk_servers import LOOPBACK, OpenGate, Reply, client_of, desk_server
from tests.receivers import babbling, dripping

NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)
IMPATIENT = CallSeconds(reading=0.3)
SECRET = "s3cr3t-of-the-desk"


def failure_of(url: str, **how: object) -> HelpdeskUnavailable:
    with pytest.raises(HelpdeskUnavailable) as failed:
        client_of(url, **how).send("POST", "/api", {"a": 1})
    return failed.value


def test_an_answer_has_status_json_headers_and_the_helpdesks_time():
    """C4"""
    dated = {"Date": "Mon, 02 Mar 2026 12:00:00 GMT", "ETag": '"46"', "Content-Type": "application/json"}
    with desk_server(lambda _: Reply(body=b'{"id": 7}', headers=dated)) as desk:
        answer = client_of(f"{desk.url}/helpdesk/").get("/api/v1", [("status", "open"), ("q", "a b")], {"X-Key": "k"})

        assert (answer.status, answer.json, answer.headers["etag"]) == (200, {"id": 7}, '"46"')
        assert answer.at == datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
        assert desk.asked[0].path == "/helpdesk/api/v1?status=open&q=a+b"
        assert desk.asked[0].headers["X-Key"] == "k"


def test_a_write_has_a_json_body_and_a_text_is_sent_as_text():
    """C13"""
    with desk_server() as desk:
        client = client_of(desk.url)
        client.send("PATCH", "api", {"a": "ü"}, {"If-Match": '"46"'})
        client.send("POST", "api", "line\n")
        client.send("DELETE", "api")

    assert [(one.method, one.headers.get("Content-Type"), one.body) for one in desk.asked] == [
        ("PATCH", "application/json", b'{"a": "\\u00fc"}'),
        ("POST", "text/plain; charset=utf-8", b"line\n"),
        ("DELETE", None, b""),
    ]
    assert desk.asked[0].headers["If-Match"] == '"46"'


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


def test_a_read_is_repeated_after_growing_pauses_and_then_told_as_failed():
    """C18"""
    pauses: list[float] = []
    gate = OpenGate()
    with desk_server(lambda _: Reply(status=502, body=b"<html>secret")) as desk:
        with pytest.raises(HelpdeskUnavailable, match="502") as failed:
            client_of(desk.url, gate=gate, sleep=pauses.append).get("/api")

        assert len(desk.asked) == ATTEMPTS
    assert gate.reports == [(502, True, None)] * ATTEMPTS
    assert pauses == sorted(pauses)
    assert len(pauses) == ATTEMPTS - 1
    assert 0 < pauses[0] <= pauses[-1] <= 30
    assert "secret" not in failed.value.sentence


def test_a_read_comes_through_while_half_of_all_calls_fail():
    """C28"""
    with desk_server(lambda number: Reply(status=200 if number % 2 else 500, body=b"1")) as desk:
        client = client_of(desk.url)

        assert [client.get(f"/{number}").json for number in range(20)] == [1] * 20


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_write_is_never_repeated(status: int):
    """C13"""
    with desk_server(lambda _: Reply(status=status)) as desk:
        failure_of(desk.url)

        assert len(desk.asked) == 1


def test_connections_are_kept_for_the_next_call():
    """C25"""
    with desk_server() as desk:
        client = client_of(desk.url)
        for _ in range(5):
            client.get("/")
            client.send("POST", "/", {})

        assert len(desk.sockets) == 1


def test_all_clients_of_a_process_share_the_connections_and_no_cookies():
    """C25"""
    transports = HelpdeskTransports(LOOPBACK)
    with desk_server(lambda _: Reply(headers={"Set-Cookie": "session=ana; Path=/"})) as desk:
        for _ in range(3):
            client_of(desk.url, transports=transports).get("/")

        assert len(desk.sockets) == 1
        assert [one.headers.get("Cookie") for one in desk.asked] == [None] * 3


def test_eight_calls_are_under_way_at_once():
    """C13"""
    together = threading.Barrier(8, timeout=60)

    def meet(_: int) -> Reply:
        together.wait()
        return Reply(body=b"1")

    with desk_server(meet) as desk, ThreadPoolExecutor(8) as pool:
        client = client_of(desk.url)
        found = list(pool.map(lambda number: client.get(f"/{number}").json, range(24)))

    assert found == [1] * 24


def test_a_call_on_a_kept_connection_has_its_own_time():
    """C4"""
    released = threading.Event()
    with desk_server(lambda number: Reply(status=200 if number < 2 or released.wait(60) else 500)) as desk:
        client = client_of(desk.url, seconds=CallSeconds(reading=0.5))
        client.get("/")
        client.get("/")
        with pytest.raises(HelpdeskUnavailable, match="in time"):
            client.send("POST", "/")
        released.set()

        assert client.get("/").status == 200


@pytest.mark.parametrize("answer", [Reply(), Reply(status=500), Reply(body=SECRET.encode()), Reply(status=429)])
def test_no_secret_is_logged_or_shown(answer: Reply, caplog: pytest.LogCaptureFixture):
    """C3: not by this program, and not by the libraries at their most talkative."""
    caplog.set_level(logging.DEBUG)
    told = ""
    with desk_server(lambda _: answer) as desk:
        client = client_of(desk.url)
        try:
            client.get("/api", {"token": SECRET}, {"Api-Access-Token": SECRET})
            client.send("POST", "/api", {"password": SECRET}, {"Authorization": f"token {SECRET}"})
        except HelpdeskUnavailable as error:
            told = "".join(traceback.format_exception(error))

    assert SECRET not in caplog.text + told + repr(client) + str(client)


@pytest.mark.parametrize("token", [f"{SECRET}\nX: y", f"{SECRET}é€", f"{SECRET}\0", f" {SECRET}"])
def test_credentials_that_cannot_be_sent_need_a_person_and_are_not_shown(token: str):
    """C3, C18"""
    with desk_server() as desk:
        with pytest.raises(HelpdeskForbids) as refused:
            client_of(desk.url).get("/api", (), {"Api-Access-Token": token})

        assert desk.asked == []
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert refused.value.__context__ is None
