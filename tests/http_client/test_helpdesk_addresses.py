"""Which addresses of helpdesks are called, and how: the name once, the checked address, no redirect, no proxy."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from dashboard import allow_list
from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.http_client.helpdesk_answers import ELSEWHERE, NOT_HERE
from dashboard.http_client.helpdesk_client import NO_URL, NO_WAY
from dashboard.http_client.pinned_transport import NOT_ALLOWED, NOT_RESOLVED, UNKNOWN, CallSeconds
from tests.desk_servers import Reply, certificate, client_of, desk_server

NOWHERE = allow_list.AllowList()


def named(url: str, host: str = "desk.example") -> str:
    return url.replace("127.0.0.1", host)


def test_a_name_that_changes_between_check_and_connection_changes_nothing():
    """C4"""
    asked: list[str] = []

    def changing(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    with desk_server() as desk:
        answer = client_of(named(desk.url), resolve=changing).get("/api")

        assert answer.status == 200
        assert asked == ["desk.example"]
        assert desk.asked[0].headers["Host"] == named(desk.url).removeprefix("http://")


def test_a_public_name_that_has_become_private_is_not_called():
    """C4: seen to fail with every address allowed."""
    with desk_server() as desk:
        client = client_of(named(desk.url), allow=NOWHERE, resolve=lambda host, port: ["127.0.0.1"])

        with pytest.raises(HelpdeskUnavailable, match="HELPDESK_ALLOW") as refused:
            client.get("/api")

        assert refused.value.sentence == NOT_ALLOWED
        assert desk.asked == []


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_no_private_address_is_called_unless_the_operator_names_it(address: str):
    """C4"""
    client = client_of("http://desk.example", allow=NOWHERE, resolve=lambda host, port: [address])

    with pytest.raises(HelpdeskUnavailable, match="private network"):
        client.get("/api")


@pytest.mark.parametrize(
    "named_there", ["127.0.0.1", "127.0.0.0/8", "desk.example", "DESK.example.", "a.lan, 127.0.0.1"]
)
def test_a_host_or_network_that_the_operator_names_is_called(named_there: str):
    """C4"""
    with desk_server() as desk:
        client = client_of(
            named(desk.url), allow=allow_list.read(named_there), resolve=lambda host, port: ["127.0.0.1"]
        )

        assert client.get("/api").status == 200


def test_only_the_allowed_ones_of_a_names_addresses_are_called():
    """C4"""
    with desk_server() as desk:
        client = client_of(named(desk.url), resolve=lambda host, port: ["::1", "10.0.0.1", "127.0.0.1"])

        assert client.get("/api").status == 200


def test_the_first_address_that_answers_is_called():
    """C4"""
    with desk_server() as desk:
        assert client_of(named(desk.url), resolve=lambda host, port: ["127.0.0.9", "127.0.0.1"]).get("/").status == 200


@pytest.mark.parametrize("url", ["", "desk.example", "ftp://desk.example", "http://u:p@desk.example", "http://d/?a=b"])
def test_what_is_no_plain_address_is_refused_before_any_call(url: str):
    """C4"""
    with pytest.raises(HelpdeskUnavailable) as refused:
        client_of(url)

    assert refused.value.sentence == NO_URL


def test_a_name_that_nobody_knows_is_told_as_such():
    """C18"""

    def unknown(host: str, port: int) -> Sequence[str]:
        raise OSError

    with pytest.raises(HelpdeskUnavailable) as failed:
        client_of("http://desk.example", resolve=unknown).get("/")

    assert failed.value.sentence == UNKNOWN


def test_a_name_server_that_is_silent_holds_no_call_longer_than_the_opening():
    """C4: seen to hang without the time."""
    reading, writing = os.pipe()

    def silent(host: str, port: int) -> Sequence[str]:
        os.read(reading, 1)
        return []

    with pytest.raises(HelpdeskUnavailable) as failed:
        client_of("http://desk.example", resolve=silent, seconds=CallSeconds(opening=0.1)).send("POST", "/")

    assert failed.value.sentence == NOT_RESOLVED
    os.write(writing, b"x")


def test_a_helpdesk_that_does_not_listen_is_told_as_such():
    """C18"""
    with desk_server() as desk:
        url = desk.url

    with pytest.raises(HelpdeskUnavailable) as failed:
        client_of(url).get("/")

    assert failed.value.sentence == NO_WAY


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_not_followed_and_its_address_is_named(status: int):
    """C4"""
    with desk_server() as inside:
        location = f"{inside.url}/helpdesk/api/v1?token=secret"
        with desk_server(lambda _: Reply(status=status, headers={"Location": location})) as outside:
            with pytest.raises(HelpdeskUnavailable) as failed:
                client_of(outside.url).get("/api/v1", {"token": "secret"})

            assert failed.value.sentence == ELSEWHERE.format(f"{inside.url}/helpdesk")
            assert "secret" not in failed.value.sentence
            assert inside.asked == []
            assert len(outside.asked) == 1


@pytest.mark.parametrize(
    "location", ["/login", "javascript:alert(1)", "http://a b/", "http://\x1b[2J/", "", "//", "{}/x"]
)
def test_a_redirect_that_names_no_other_address_is_told_without_quoting_it(location: str):
    """C4"""
    with desk_server() as desk:
        desk.answer = lambda _: Reply(status=302, headers={"Location": location.format(desk.url)})
        with pytest.raises(HelpdeskUnavailable) as failed:
            client_of(desk.url).get("/api")

    assert failed.value.sentence == NOT_HERE


def test_the_proxy_of_the_environment_gets_no_call(monkeypatch: pytest.MonkeyPatch):
    """C4"""
    with desk_server() as proxy, desk_server() as desk:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)

        assert client_of(desk.url).get("/").status == 200
        assert (len(proxy.asked), len(desk.asked)) == (0, 1)


def test_the_certificate_must_be_the_one_of_the_addresss_host(tmp_path: Path):
    """C4"""
    with certificate("desk.example", tmp_path) as (served, trusting), desk_server(tls=served) as desk:
        here = {"resolve": lambda host, port: ["127.0.0.1"], "tls": trusting}

        assert client_of(named(desk.url), **here).get("/").status == 200
        for other in ("other.example", "127.0.0.1"):
            with pytest.raises(HelpdeskUnavailable, match="certificate is refused"):
                client_of(named(desk.url, other), **here).get("/")
        assert len(desk.asked) == 1


def test_a_certificate_that_nobody_trusts_is_refused(tmp_path: Path):
    """C4"""
    with (
        certificate("desk.example", tmp_path) as (served, _),
        desk_server(tls=served) as desk,
        pytest.raises(HelpdeskUnavailable, match="certificate is refused"),
    ):
        client_of(named(desk.url), resolve=lambda host, port: ["127.0.0.1"]).get("/")
