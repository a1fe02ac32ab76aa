"""How a helpdesk is called: once or again, on which connection, and what is never told."""

import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.http_client.helpdesk_client import ATTEMPTS
from dashboard.http_client.pinned_transport import CallSeconds, HelpdeskTransports
from tests.desk_servers import LOOPBACK, OpenGate, Reply, client_of, desk_server

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
