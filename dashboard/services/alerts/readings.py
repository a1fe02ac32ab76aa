"""What the rules of one account look at, as of one instant; each figure is read once, and only if a rule needs it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from dashboard.engine.hours import BusinessHours
from dashboard.engine.model import Presence
from dashboard.services.assignment import return_rules
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.alerts import conditions
from dashboard.store.alerts.conditions import WaitingFigures
from dashboard.store.board import inboxes
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks.pages import list_page
from dashboard.store.helpdesks.pages.list_page import UnwellConnection
from dashboard.store.inboxes import routing
from dashboard.store.redis.heartbeats import presence_of

FAIRNESS_WINDOW = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Readings:
    """The figures of one account."""

    work: UnitOfWork
    account_id: int
    now: datetime

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The names of the inboxes."""
        return conditions.inbox_names(self.work.session, self.account_id)

    @cached_property
    def waiting(self) -> Mapping[int, WaitingFigures]:
        """The figures of the inboxes with waiting conversations."""
        return conditions.waiting(self.work.session, self.account_id)

    @cached_property
    def online(self) -> Mapping[int, int] | None:
        """The number of online members of each inbox with active members; None while presence cannot be read."""
        members = conditions.members(self.work.session, self.account_id)
        try:
            present = self.work.heartbeats.present(self.account_id, {one.user_id for one in members}, self.now)
        except StoreUnavailable:
            return None
        found = dict.fromkeys((one.inbox_id for one in members), 0)
        for one in members:
            heard = one.user_id in present
            presence = presence_of(availability=one.availability, auto_offline=one.auto_offline, heard=heard)
            found[one.inbox_id] += presence is Presence.ONLINE
        return found

    @cached_property
    def stranded(self) -> int:
        """The number of stranded conversations at the last check."""
        return inboxes.stranded(self.work.session, self.account_id).count

    @cached_property
    def unwell(self) -> Sequence[UnwellConnection]:
        """The broken and degraded connections."""
        return list_page.unwell(self.work.session, self.account_id)

    @cached_property
    def given_by_runs(self) -> Mapping[int, Sequence[int]]:
        """The automatic assignments of the last 24 hours by inbox, one number for each agent with any."""
        since = self.now - FAIRNESS_WINDOW
        return conditions.given_by_runs(self.work.session, self.account_id, since=since)

    def overdue(self, by: timedelta) -> Mapping[int, int]:
        """Return, by inbox, the number of conversations that are overdue by this span or more (E54)."""
        return conditions.overdue(self.work.session, self.account_id, before=self.now - by)

    @cached_property
    def used_up(self) -> Mapping[int, int]:
        """The number of conversations with used-up returns, by inbox (E65)."""
        found = return_rules.used_up(self.work, self.account_id, now=self.now)
        return Counter(one.inbox_id for one in found)

    def name_of(self, inbox_id: int) -> str:
        """Return an inbox's name; one may have been deleted since another figure was read."""
        return self.names.get(inbox_id, f"Inbox {inbox_id}")

    @cached_property
    def hours(self) -> Mapping[int, BusinessHours | None]:
        """The business hours of the inboxes with active members; None is always open."""
        found = routing.read_many(self.work.session, self.account_id, self.online or ())
        return {one.inbox.id: one.inbox.hours for one in found}

    def is_open(self, inbox_id: int) -> bool:
        """Return whether the inbox is in its open hours (E62)."""
        hours = self.hours.get(inbox_id)
        return hours is None or hours.is_open(self.now)
