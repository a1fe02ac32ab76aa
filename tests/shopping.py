"""Acme beside a Chatwoot that stands in, at our own time; a test does the polls of its worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from dashboard import allow_list, clock
from dashboard.config import Settings
from dashboard.services.core.container import build
from dashboard.services.helpdesks.hints import scheduling
from dashboard.store.helpdesks import connections
from dashboard.store.helpdesks.connections import ConnectionRow
from tests.desks import Acme
from tests.helpdesks.chatwoot.shop import CAST, CHAT
from tests.helpdesks.standin.running import Control, running
from tests.pages import AtOnce

TYPED = {
    "kind": "chatwoot",
    "name": "Shop",
    "credentials.account_id": "3",
    "credentials.token": "token-of-user-1",
}


def nearby(settings: Settings) -> Settings:
    """Return settings under which helpdesks on this machine may be called."""
    return replace(settings, helpdesk_allow=allow_list.read(allow_list.NEARBY))


@dataclass(slots=True, kw_only=True)
class Shopping:
    """A shop's Chatwoot, and the jobs that read it."""

    acme: Acme
    there: Control
    settings: Settings
    worker: AtOnce

    def begin(self) -> None:
        """Begin with the same shop, at our time; Mira has Ana's address, and the chat assigns by itself."""
        self.there.reset(allow_private=True)
        self.there.clock(now=clock.now().isoformat(), runs=True)
        users = [dict(user) for user in CAST["users"]]
        users[1]["email"] = f"Ana@{self.acme.account_id}.example"
        users.append({"id": 46, "name": "Vera Cole", "email": "vera@shop.example"})
        inboxes = [inbox | {"enable_auto_assignment": inbox["id"] == CHAT} for inbox in CAST["inboxes"]]
        self.there.load(**{**CAST, "users": users, "inboxes": inboxes})

    def waits(self, count: int = 1) -> None:
        """Let conversations wait in the shop's chat."""
        self.there.load(conversations=[{"inbox_id": CHAT} for _ in range(count)])

    def connection(self, connection_id: int = 1) -> ConnectionRow:
        """Return the connection as it is now."""
        found = connections.shelf.find(self.acme.work.session, self.acme.account_id, connection_id)
        self.acme.work.session.rollback()
        assert found is not None
        return found

    def poll(self, connection_id: int = 1) -> None:
        """Do what a worker does until nothing is due."""
        work = build(self.settings, self.worker).work(self.acme.work.session)
        while scheduling.poll(work, self.acme.account_id, connection_id, clock=clock.now):
            pass


@contextmanager
def shopping(acme: Acme, settings: Settings, worker: AtOnce) -> Iterator[Shopping]:
    """Run the stand-in until the block ends."""
    with running("tests.helpdesks.chatwoot") as control:
        found = Shopping(acme=acme, there=control, settings=settings, worker=worker)
        found.begin()
        yield found
