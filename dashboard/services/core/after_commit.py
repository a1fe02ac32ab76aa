"""The ports that a service speaks through after a commit: background work, wake-ups, pages, webhooks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from dashboard.engine.decisions import Source
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis.live_version import LiveVersions
from dashboard.store.redis.wakeups import Wakeups
from dashboard.store.redis.webhook_flags import Listeners

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """Who does the background work, and how much of it waits or has failed; of what waits, the runs."""

    workers: int
    scheduler: bool
    queued: int
    failed: int
    runs_to_come: int


class JobQueue(Protocol):
    """The port to background work; whoever composes the program gives it. Raises StoreUnavailable."""

    def confirm_stranded_at(self, named: Mapping[int, Mapping[int, Sequence[int]]], at: datetime) -> None:
        """Look again at this instant whether these, by account and inbox, are still waiting (E53)."""

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        """Enqueue a run of one inbox and return the job's id."""

    def run_inbox_at(
        self, account_id: int, inbox_id: int, at: datetime, *, attempt: int = 0, instead_of: datetime | None = None
    ) -> None:
        """Schedule a run, instead of the one that stands at another instant; `attempt` counts failed runs before it."""

    def deliver_webhooks(self, account_id: int | None = None) -> None:
        """Enqueue a look at what is to be delivered, asked for by this account or by the clock."""

    def deliver_webhooks_at(self, at: datetime) -> None:
        """Schedule a look at what is to be delivered."""

    def remove_old_at(self, at: datetime) -> None:
        """Go on removing at this instant what has been kept long enough."""

    def background(self) -> Background:
        """Return who is at work and what is left to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCommit:
    """What is said after a commit. Saying it may fail, and that never reads as the change failing (E44)."""

    queue: JobQueue
    wakeups: Wakeups
    live: LiveVersions
    listeners: Listeners
    unsent: set[tuple[int, int]] = field(default_factory=set)

    def wake(self, account_id: int, inbox_ids: Iterable[int], source: Source = Source.REALTIME) -> None:
        """Start a run for each inbox that has none pending (E32), let the pages redraw, and webhooks hear.

        What Redis did not take is said again with the next; the stranded check finds the rest (E53).
        """
        wanted = {(account_id, inbox_id) for inbox_id in inbox_ids}
        self.unsent.update(wanted)
        try:
            self.live.bump(account_id)
            for account, inbox_id in sorted(self.unsent):
                if self.wakeups.mark(account, inbox_id):
                    self.queue.run_inbox(account, inbox_id, source)
                self.unsent.discard((account, inbox_id))
        except StoreUnavailable as error:
            # Once: each further call would wait for Redis as long.
            log.warning("wake_ups_not_sent", account=account_id, inboxes=sorted(wanted), error=str(error))
            return
        self.deliver(account_id)

    def wake_anew(self, account_id: int, inbox_ids: Iterable[int], source: Source) -> None:
        """Start a run for each inbox even where one is said to be pending: its job may have died with its worker."""
        for inbox_id in inbox_ids:
            try:
                self.wakeups.clear(account_id, inbox_id)
            except StoreUnavailable as error:
                log.warning("mark_not_cleared", account=account_id, inbox=inbox_id, error=str(error))
        self.wake(account_id, inbox_ids, source)

    def wake_at(self, account_id: int, inbox_id: int, at: datetime, *, now: datetime) -> None:
        """Schedule the inbox's one wake-up, or move it (E30)."""
        try:
            if moved := self.wakeups.move(account_id, inbox_id, at, now=now):
                self.queue.run_inbox_at(account_id, inbox_id, at, instead_of=moved.before)
        except StoreUnavailable as error:
            log.warning("wake_up_not_scheduled", account=account_id, inbox=inbox_id, error=str(error))

    def changed(self, account_id: int) -> None:
        """Let the account's pages redraw, and its webhooks hear what was written."""
        try:
            self.live.bump(account_id)
        except StoreUnavailable as error:
            log.warning("live_version_not_bumped", account=account_id, error=str(error))
        self.deliver(account_id)

    def deliver(self, account_id: int) -> None:
        """Start deliveries, if anybody listens and none are about to start."""
        try:
            if self.listeners.mark(account_id):
                self.queue.deliver_webhooks(account_id)
        except StoreUnavailable as error:
            # The timetable looks at the outbox as well.
            log.warning("deliveries_not_started", account=account_id, error=str(error))

    def note_listeners(self, account_id: int, listening: bool) -> None:
        """Note whether anybody listens to the account's events; the timetable notes it again."""
        try:
            self.listeners.note(account_id, listening)
        except StoreUnavailable as error:
            log.warning("listeners_not_noted", account=account_id, error=str(error))
