"""Connects the demo's helpdesk, step by step, as a supervisor does: one inbox in shadow, one live."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dashboard.demo.catalog import EVERYTHING
from dashboard.demo.shop_calls import Shop
from dashboard.demo.shop_content import CAST, CHAT, CREDENTIALS, NAME, ORDERS, POLICY, WAITING_AT_FIRST
from dashboard.engine.model import ConnectionMode
from dashboard.helpdesks.values import HelpdeskKind
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.connecting import checks, connections, disconnection, inbox_modes, matching, receiver
from dashboard.services.helpdesks.connecting.connection_forms import (
    ConnectionChange,
    ConnectionEdit,
    ExternalKey,
    InboxModeEdit,
)
from dashboard.services.helpdesks.connecting.inbox_modes import InboxView
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import PolicyChoice
from dashboard.store.accounts import audit_log
from dashboard.store.accounts.audit_log import Subject
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.inboxes import inboxes

# It has nobody else to answer, and a newcomer waits for its first sync.
CALLS_PER_SECOND = 50


@dataclass(slots=True, kw_only=True)
class ShopConnection:
    """The way to the connection; `base` is the address of this Evenhand for the helpdesk's webhooks.

    When the set-up has ended, visitors may change everything, and it stays as they left it.
    """

    work: UnitOfWork
    account_id: int
    shop: Shop
    base: str
    clock: Callable[[], datetime]

    def step(self) -> bool:
        """Take the next step; True when none is left. Finishes units of work. Raises ShopUnavailable."""
        if self.shop.is_empty():
            self._begin()
        row = self._found()
        if row is None:
            return self._was_made() or self._create()
        if row.url != self.shop.address:
            return self._move(row)
        if row.version is None:
            checks.run(self.work, self.account_id, row.id, base=self.base, clock=self.clock)
            return False
        if self._speaks_elsewhere(row):
            self.work.finished(
                receiver.rotate(self.work, self.account_id, row.id, base=self.base, actor_id=None, now=self.clock())
            )
        return self._choose(row)

    def _begin(self) -> None:
        """Fill an empty helpdesk. To a connection it would be another one (C12), so a former connection ends."""
        if row := self._found():
            self.work.finished(
                disconnection.remove(self.work, self.account_id, row.id, keep=False, actor_id=None, now=self.clock())
            )
        waiting = [
            {"inbox_id": inbox_id, "count": count, "age": 300, "every": 60}
            for inbox_id, count in WAITING_AT_FIRST.items()
        ]
        self.shop.load({**CAST, "conversations": waiting})
        self._create()

    def _found(self) -> ConnectionRow | None:
        rows = connections.show_all(self.work, self.account_id, EVERYTHING).data
        return next((row for row in rows if row.name == NAME and row.kind is HelpdeskKind.CHATWOOT), None)

    def _was_made(self) -> bool:
        """Return whether there was a connection: one that a visitor removed is not created again."""
        made = audit_log.page(self.work.session, self.account_id, Page(per_page=1), Subject(subject="connection"))
        return made.meta.count > 0

    def _create(self) -> bool:
        """Create the connection; True if an operator forbids calls to this machine."""
        edit = ConnectionEdit(kind=HelpdeskKind.CHATWOOT, name=NAME, url=self.shop.address, credentials=CREDENTIALS)
        made = connections.create(self.work, self.account_id, edit, actor_id=None, now=self.clock())
        if not isinstance(made, Invalid):
            faster = ConnectionChange(calls_per_second=CALLS_PER_SECOND)
            connections.change(self.work, self.account_id, made.id, faster, actor_id=None, now=self.clock())
        self.work.finished(made)
        return isinstance(made, Invalid)

    def _move(self, row: ConnectionRow) -> bool:
        """Follow the helpdesk to another port: it is the same one, so no other connection is made."""
        store.note(self.work.session, row.id, url=self.shop.address)
        self.work.finished(connections.sync(self.work, self.account_id, row.id, actor_id=None, now=self.clock()))
        return False

    def _speaks_elsewhere(self, row: ConnectionRow) -> bool:
        """Return whether its webhook has the address of an earlier start."""
        hooks = self.shop.hooks() if row.webhook_id else []
        return bool(hooks) and not any(hook.startswith(f"{self.base}/") for hook in hooks)

    def _choose(self, row: ConnectionRow) -> bool:
        """Match agents and choose modes. The policies come last: they prove that the set-up is complete."""
        links = {link.external_id: link for link in inbox_modes.show(self.work, self.account_id, row.id) or ()}
        chat, orders = links.get(str(CHAT)), links.get(str(ORDERS))
        if chat is None or orders is None:
            return False
        unchosen = [link for link in (chat, orders) if link.inbox_id is None]
        if unchosen:
            self.work.finished(
                matching.confirm_all(self.work, self.account_id, row.id, actor_id=None, now=self.clock())
            )
        for link in unchosen:
            self._set_mode(row, link, ConnectionMode.SHADOW)
        if unchosen or self._has_policy(orders):
            return not unchosen
        if orders.mode is ConnectionMode.SHADOW:
            # Refused until the first sync has ended.
            self._set_mode(row, orders, ConnectionMode.LIVE)
            return False
        return self._link(chat) and self._link(orders)

    def _set_mode(self, row: ConnectionRow, link: InboxView, mode: ConnectionMode) -> None:
        key = ExternalKey(connection_id=row.id, external_id=link.external_id)
        edit = InboxModeEdit(mode=mode)
        changed = inbox_modes.change(
            self.work, self.account_id, key, edit, base=self.base, actor_id=None, clock=self.clock
        )
        self.work.finished(changed)

    def _has_policy(self, link: InboxView) -> bool:
        found = inboxes.shelf.find(self.work.session, self.account_id, link.inbox_id or 0)
        return found is not None and found.assignment_policy_id is not None

    def _link(self, link: InboxView) -> bool:
        """Give the inbox its policy, unless visitors have removed that; True in any case."""
        policies = assignment_policies.show_all(self.work, self.account_id, EVERYTHING).data
        for policy in policies:
            if policy.name == POLICY and link.inbox_id is not None:
                choice = PolicyChoice(assignment_policy_id=policy.id)
                self.work.finished(
                    assignment_policies.link(
                        self.work, self.account_id, link.inbox_id, choice, actor_id=None, now=self.clock()
                    )
                )
        return True
