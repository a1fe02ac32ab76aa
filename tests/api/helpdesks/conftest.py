"""Acme, and a shop's Chatwoot on this machine, which connections may call."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from dashboard import allow_list, clock
from dashboard.config import Settings
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.hints import scheduling
from tests.api.conftest import Caller
from tests.helpdesks.chatwoot.shop import CREDENTIALS, Shop
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.standin.running import Control, running


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """Settings as on one machine: connections may call it."""
    return replace(settings, helpdesk_allow=allow_list.read(allow_list.NEARBY))


@pytest.fixture(scope="session")
def chatwoot() -> Iterator[Control]:
    """The stand-in."""
    with running("tests.helpdesks.chatwoot") as control:
        yield control


@pytest.fixture
def shop(chatwoot: Control) -> Shop:
    """The shop, with the clock of this machine."""
    made = Shop(chatwoot, PlainHttp(chatwoot.url))
    made.reset()
    made.there.clock(now=clock.now().isoformat(), runs=True)
    return made


@dataclass(slots=True, kw_only=True)
class Connected:
    """A connection of Acme's to the shop."""

    admin: Caller
    work: UnitOfWork
    shop: Shop
    account_id: int
    id: int
    webhook_url: str

    def get(self, path: str = "") -> Any:
        return self.admin.get(f"/connections/{self.id}{path}").json

    def patch(self, path: str, body: Any) -> Any:
        return self.admin.patch(f"/connections/{self.id}{path}", body)

    def check(self) -> dict[str, Any]:
        answer = self.admin.post(f"/connections/{self.id}/checks")
        assert answer.status_code == 200, answer.text
        return {one["check"]: one for one in answer.json["checks"]}

    def poll(self) -> None:
        """Do as the worker does, until nothing more is to be done at once."""
        while scheduling.poll(self.work, self.account_id, self.id, clock=clock.now):
            pass

    def read_marked(self) -> None:
        """Do as the worker does with webhooks' marks."""
        while scheduling.read_marked(self.work, self.account_id, self.id, clock=clock.now, pause=lambda _: None):
            pass


@pytest.fixture
def connected(admin: Caller, work: UnitOfWork, shop: Shop) -> Connected:
    """The shop, connected and not checked yet; its calls are not slowed down."""
    body = {"kind": "chatwoot", "name": "Shop", "url": shop.there.url, "credentials": CREDENTIALS}
    made = admin.post("/connections", body)
    assert made.status_code == 201, made.text
    assert admin.patch(f"/connections/{made.json['id']}", {"calls_per_second": 1_000}).status_code == 200
    url = made.json["webhook_url"]
    return Connected(
        admin=admin, work=work, shop=shop, account_id=admin.account_id, id=made.json["id"], webhook_url=url
    )
