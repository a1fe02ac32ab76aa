"""The signals after a commit: background jobs, wake-ups, refreshed pages, deliveries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from dashboard.engine.decisions import Source
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.redis.helpdesk_marks import HelpdeskMarks
from dashboard.store.redis.live_version import LiveVersions
from dashboard.store.redis.wakeups import Wakeups
from dashboard.store.redis.webhook_flags import Listeners

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """The workers and the scheduler, and the numbers of queued and failed jobs and of runs among the queued."""

    workers: int
    scheduler: bool
    queued: int
    failed: int
    runs_to_come: int


class JobQueue(Protocol):
    """The port to background jobs; the program's entry point supplies it. Raises StoreUnavailable."""

    def confirm_stranded_at(self, named: Mapping[int, Mapping[int, Sequence[int]]], at: datetime) -> None:
        """Schedule a second check that these conversations, by account and inbox, still wait (E53)."""

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        """Enqueue a run of one inbox and return the job's id."""

    def run_inbox_at(
        self, account_id: int, inbox_id: int, at: datetime, *, attempt: int = 0, instead_of: datetime | None = None
    ) -> None:
        """Schedule a run in place of one at another instant; `attempt` counts the failed runs before it."""

    def deliver_webhooks(self, account_id: int | None = None) -> None:
        """Enqueue deliveries of the outbox, for this account or, on schedule, for all accounts."""

    def deliver_webhooks_at(self, at: datetime) -> None:
        """Schedule deliveries of the outbox."""

    def mail_invitation(self, account_id: int, agent_id: int) -> None:
        """Enqueue the mail with an agent's invitation."""

    def send_notices(self) -> None:
        """Enqueue the sending of due notices to alert channels, unless it is queued."""

    def write_to_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Enqueue the writes of a connection."""

    def read_marked(self, account_id: int, connection_id: int) -> None:
        """Enqueue new readings of a helpdesk's marked conversations."""

    def poll_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Enqueue the due readings of a helpdesk."""

    def check_simulator(self, check_id: int) -> None:
        """Enqueue a check of the simulator."""

    def remove_old_at(self, at: datetime) -> None:
        """Schedule the next removal of expired rows."""

    def background(self) -> Background:
        """Return the state of workers, scheduler and queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCommit:
    """The signals after a commit; a failed signal never counts as a failed change (E44)."""

    queue: JobQueue
    wakeups: Wakeups
    live: LiveVersions
    listeners: Listeners
    helpdesks: HelpdeskMarks
    unsent: set[tuple[int, int]] = field(default_factory=set)

    def wake(self, account_id: int, inbox_ids: Iterable[int], source: Source = Source.REALTIME) -> None:
        """Start a run for each inbox without a pending one (E32), refresh the pages, and start deliveries.

        The next call repeats wake-ups that Redis did not accept; the stranded check finds the others (E53).
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
            # One attempt only: each further call would wait for Redis as long.
            log.warning("wake_ups_not_sent", account=account_id, inboxes=sorted(wanted), error=str(error))
            return
        self.deliver(account_id)

    def wake_anew(self, account_id: int, inbox_ids: Iterable[int], source: Source) -> None:
        """Start a run for each inbox even with a pending mark, because its job may have died with its worker."""
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
        """Refresh the account's pages and start deliveries of its events."""
        try:
            self.live.bump(account_id)
        except StoreUnavailable as error:
            log.warning("live_version_not_bumped", account=account_id, error=str(error))
        self.deliver(account_id)

    def deliver(self, account_id: int) -> None:
        """Start deliveries if the account has a receiver and no deliveries are about to start."""
        try:
            if self.listeners.mark(account_id):
                self.queue.deliver_webhooks(account_id)
        except StoreUnavailable as error:
            # The scheduler also reads the outbox.
            log.warning("deliveries_not_started", account=account_id, error=str(error))

    def mail_invitation(self, account_id: int, agent_id: int) -> None:
        """Have an agent's invitation mailed; its link was shown as well."""
        try:
            self.queue.mail_invitation(account_id, agent_id)
        except StoreUnavailable as error:
            log.warning("invitation_not_mailed", account=account_id, agent=agent_id, error=str(error))

    def send_notices(self) -> None:
        """Start the sending of notices; they are rows, and each check of the alert rules looks for due ones."""
        try:
            self.queue.send_notices()
        except StoreUnavailable as error:
            log.warning("notices_not_started", error=str(error))

    def write_to_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Start the writes of a connection; they are rows, and a regular look finds what Redis did not accept."""
        try:
            self.queue.write_to_helpdesk(account_id, connection_id)
        except StoreUnavailable as error:
            log.warning("writes_not_started", account=account_id, connection=connection_id, error=str(error))

    def read_marked(self, account_id: int, connection_id: int) -> None:
        """Have a helpdesk's marked conversations read, unless a job is about to; the timetable also looks for marks."""
        try:
            if self.helpdesks.mark_reading(account_id, connection_id):
                self.queue.read_marked(account_id, connection_id)
        except StoreUnavailable as error:
            log.warning("reading_not_started", account=account_id, connection=connection_id, error=str(error))

    def poll_helpdesk(self, account_id: int, connection_id: int) -> None:
        """Have what is due of a helpdesk read, unless a job is about to; the timetable also looks for what is due."""
        try:
            if self.helpdesks.mark_poll(account_id, connection_id):
                self.queue.poll_helpdesk(account_id, connection_id)
        except StoreUnavailable as error:
            log.warning("poll_not_started", account=account_id, connection=connection_id, error=str(error))

    def check_simulator(self, check_id: int) -> None:
        """Start a check of the simulator; one that did not start may be requested again (trust/simulator_checks.py)."""
        try:
            self.queue.check_simulator(check_id)
        except StoreUnavailable as error:
            log.warning("check_not_started", check=check_id, error=str(error))

    def note_listeners(self, account_id: int, listening: bool) -> None:
        """Record whether the account has a receiver of events; the scheduler repeats this regularly."""
        try:
            self.listeners.note(account_id, listening)
        except StoreUnavailable as error:
            log.warning("listeners_not_noted", account=account_id, error=str(error))
