"""Alert rules, channels and checks: verbs for tests, on top of the cast."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dashboard.http_client.apprise_channel import AppriseChannel
from dashboard.http_client.client import Outgoing
from dashboard.services.alerts import alerts, channels, checks, rules, sending
from dashboard.services.alerts.alert_forms import AlertRuleEdit, NewChannel
from dashboard.services.alerts.alerts import AlertView
from dashboard.services.alerts.channels import ChannelView
from dashboard.services.alerts.kinds import AlertKind
from dashboard.services.core.refusals import Invalid
from dashboard.store.alerts.rules import AlertRuleRow
from dashboard.store.core.paging import Page
from tests.desks import NOON, Acme
from tests.waiting import PATIENCE

NEAR = AppriseChannel(outgoing=Outgoing(allow_private=True), seconds=PATIENCE)
FAR = AppriseChannel(outgoing=Outgoing(allow_private=False), seconds=PATIENCE)
SECONDS = timedelta(seconds=1)


@dataclass(slots=True, kw_only=True)
class Watch:
    """Acme's alerts, with a clock of its own."""

    acme: Acme
    now: datetime = NOON
    caller: AppriseChannel = field(default=NEAR)

    def rule(self, kind: AlertKind = AlertKind.WAITING, **facts: object) -> AlertRuleRow:
        """Create a rule; two conversations are many unless told otherwise."""
        usual = {"threshold": 2 if kind is AlertKind.WAITING else None, "minutes": None, "inbox_id": None}
        edit = AlertRuleEdit(kind=kind, **{**usual, "channel_ids": (), "enabled": True, **facts})
        made = self.acme.work.finished(
            rules.create(self.acme.work, self.acme.account_id, edit, actor_id=None, now=self.now)
        )
        assert isinstance(made, AlertRuleRow), made
        return made

    def channel(self, url: str, name: str = "Ops") -> ChannelView:
        made = self.try_channel(url, name)
        assert isinstance(made, ChannelView), made
        return made

    def try_channel(self, url: str, name: str = "Ops") -> ChannelView | Invalid:
        work, new = self.acme.work, NewChannel(name=name, url=url)
        return work.finished(
            channels.create(work, self.acme.account_id, new, actor_id=None, now=self.now, caller=self.caller)
        )

    def check(self, *, after: int = 0) -> None:
        """Let so many seconds pass, and check the rules."""
        self.now += after * SECONDS
        checks.check(self.acme.work, now=self.now)

    def send(self, caller: AppriseChannel | None = None) -> None:
        sending.send_due(self.acme.work, caller=caller or self.caller, now=lambda: self.now)

    def alerts(self) -> Sequence[AlertView]:
        """Return all alerts, the open ones first."""
        found = alerts.show_all(self.acme.work, self.acme.account_id, Page(page=1, per_page=100)).data
        self.acme.work.session.rollback()
        return found

    def open(self) -> list[str]:
        return [one.sentence for one in self.alerts() if one.closed_at is None]

    def channels(self) -> Sequence[ChannelView]:
        found = channels.show_all(self.acme.work, self.acme.account_id, Page(page=1, per_page=100)).data
        self.acme.work.session.rollback()
        return found


def impatient(seconds: float = 2.0) -> AppriseChannel:
    """Return a caller for channels that do not answer at all."""
    return replace(NEAR, seconds=seconds)


@contextmanager
def silent() -> Iterator[tuple[int, threading.Event]]:
    """Listen, and never answer; yield the port, and whether somebody came."""
    came = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        kept: list[socket.socket] = []

        def listen() -> None:
            try:
                while True:
                    kept.append(server.accept()[0])
                    came.set()
            except OSError:
                return

        threading.Thread(target=listen, daemon=True).start()
        yield server.getsockname()[1], came
        for one in kept:
            one.close()
