"""The way from a connection to its helpdesk: credentials, one gate for all, and a server that may fail."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskHttp, HelpdeskUnavailable
from dashboard.helpdesks.values import HelpdeskKind
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.http_client.pinned_transport import HelpdeskTransports
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.access import ADAPTERS, AdapterKind, helpdesk_of
from dashboard.services.helpdesks.credentials import CURE, WRONG_KEY, Secrets, seal
from dashboard.store.helpdesks import connections
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.redis import client as redis_client
from dashboard.store.redis import keys
from dashboard.store.redis.helpdesk_gate import FAILURES_IN_A_ROW
from tests.desk_servers import LOOPBACK, DeskServer, Reply, client_of, desk_server
from tests.desks import Acme


class Caller:
    """An adapter that is nothing but its constructor."""

    def __init__(self, http: HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self.http, self.credentials = http, credentials


@pytest.fixture
def desk() -> Iterator[DeskServer]:
    with desk_server() as desk:
        yield desk


@pytest.fixture
def work(acme: Acme) -> UnitOfWork:
    return replace(acme.work, helpdesk_transports=HelpdeskTransports(LOOPBACK))


@pytest.fixture
def connection(acme: Acme, work: UnitOfWork, desk: DeskServer) -> ConnectionRow:
    sealed = seal(Secrets(credentials={"user": "eve", "password": "pw"}), work.settings.secret_key)
    values = {
        "kind": HelpdeskKind.RT,
        "name": "RT",
        "url": f"{desk.url}/rt",
        "sealed": sealed,
        "calls_per_second": 1000,
    }
    made = connections.shelf.add(work.session, acme.account_id, values)
    row = connections.shelf.find(work.session, acme.account_id, made or 0)
    assert row is not None
    work.session.commit()
    return row


@pytest.fixture(autouse=True)
def _adapter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AdapterKind, "make", lambda _: Caller)


def http_of(helpdesk: Helpdesk) -> HelpdeskHttp:
    assert isinstance(helpdesk, Caller)
    return helpdesk.http


def test_a_helpdesk_has_its_opened_credentials_and_its_address(
    work: UnitOfWork, connection: ConnectionRow, desk: DeskServer
):
    """C1, C3"""
    with helpdesk_of(work, connection, Urgency.REREAD) as helpdesk:
        assert isinstance(helpdesk, Caller)
        assert helpdesk.credentials == {"user": "eve", "password": "pw"}
        assert helpdesk.http.get("REST/2.0/rt").status == 200

    assert [one.path for one in desk.asked] == ["/rt/REST/2.0/rt"]
    assert work.helpdesk_gates.counts(connection.account_id, connection.id).total == {"200": 1}


def test_a_wrong_key_is_a_sentence_with_what_to_do(work: UnitOfWork, connection: ConnectionRow, desk: DeskServer):
    """C3"""
    restored = replace(work, settings=replace(work.settings, secret_key="another key"))

    with pytest.raises(HelpdeskForbids) as refused, helpdesk_of(restored, connection, Urgency.WRITE):
        pass

    assert (refused.value.sentence, refused.value.fix) == (WRONG_KEY, CURE)
    assert desk.asked == []


def test_a_helpdesk_that_fails_is_left_alone_after_five_calls_until_its_probe(
    work: UnitOfWork, connection: ConnectionRow, desk: DeskServer
):
    """C18: whoever calls, as whatever urgency."""
    desk.answer = lambda _: Reply(status=503)
    for urgency in [*Urgency, *Urgency]:
        with helpdesk_of(work, connection, urgency) as helpdesk, pytest.raises(HelpdeskUnavailable) as failed:
            http_of(helpdesk).send("POST", "/")
    assert len(desk.asked) == FAILURES_IN_A_ROW
    assert failed.value.retry_at is not None

    redis = redis_client.connect(work.settings.redis_url)
    redis.hset(keys.gate(connection.account_id, connection.id), "open_until", 0)
    desk.answer = lambda _: Reply()
    with helpdesk_of(work, connection, Urgency.WRITE) as helpdesk:
        assert http_of(helpdesk).send("POST", "/").status == 200


def test_every_read_comes_through_while_half_of_all_calls_fail(
    work: UnitOfWork, connection: ConnectionRow, desk: DeskServer
):
    """C28"""
    desk.answer = lambda number: Reply(status=500 if number % 2 else 200)
    gate = work.helpdesk_gates.of(connection.account_id, connection.id, calls_per_second=1_000)
    http = client_of(connection.url, gate=gate, urgency=Urgency.RECONCILE)

    assert {http.get("/").status for _ in range(20)} == {200}


@pytest.mark.parametrize(
    ("kind", "given", "accepted"),
    [
        (HelpdeskKind.CHATWOOT, {"account_id": "1", "token": "t"}, True),
        (HelpdeskKind.CHATWOOT, {"account_id": "1", "token": "t", "bot_token": "b"}, True),
        (HelpdeskKind.CHATWOOT, {"account_id": "1", "token": " "}, False),
        (HelpdeskKind.CHATWOOT, {"token": "t"}, False),
        (HelpdeskKind.LIBREDESK, {"api_key": "k", "api_secret": "s"}, True),
        (HelpdeskKind.LIBREDESK, {"api_key": "k", "api_secret": "s", "user": "u"}, False),
        (HelpdeskKind.RT, {"user": "u", "password": "p"}, True),
        (HelpdeskKind.RT, {"token": "t"}, True),
        (HelpdeskKind.RT, {"user": "u"}, False),
        (HelpdeskKind.RT, {}, False),
    ],
)
def test_each_kind_accepts_its_own_credentials_when_they_are_complete(
    kind: HelpdeskKind, given: dict[str, str], accepted: bool
):
    """C22"""
    assert ADAPTERS[kind].accepts(given) is accepted


def test_every_kind_has_its_row():
    """C1"""
    assert set(ADAPTERS) == set(HelpdeskKind)
    for kind in ADAPTERS.values():
        assert {name for way in kind.ways for name in way} <= {one.name for one in kind.fields}
