"""Deliveries of events to receivers: at least once, signed, in order for each conversation.

Each receiver has one thread; only the main thread uses the database. A receiver that does not answer delays
no other receiver.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

import structlog

from dashboard import clock
from dashboard.http_client.client import Outgoing
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.webhooks import attempt
from dashboard.services.webhooks.attempt import LASTS_FOR, AttemptMessage, AttemptResult, LeaseEnded
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.models.webhooks import DeliveryStatus
from dashboard.store.webhooks import delivery_leases, outbox, webhooks
from dashboard.store.webhooks.delivery_leases import LeaseTerms

log = structlog.get_logger()
EVENTS_AT_ONCE = 2_000
RECEIVERS_AT_ONCE = 32
# The others find a place, however many of an account's receivers hang.
OF_ONE_ACCOUNT = 8
DELIVERIES_PER_TURN = 50
# Longer than a turn can last: its last attempt begins within 3 s, and ends within 10 s.
LEASE = timedelta(seconds=15)
# Then no receiver that was silent is asked any more, so that the job can end without anybody waiting for it.
ASKS_SILENT_ONES_FOR, TAKES_TURNS_FOR = 20.0, 90.0
GLANCE, GATHER = 0.1, 0.01

Clock = Callable[[], datetime]


def outgoing_of(work: UnitOfWork) -> Outgoing:
    """Return a client for the receivers that the settings allow."""
    return Outgoing(allow_private=work.settings.webhook_allow_private)


def deliver(
    work: UnitOfWork, account_id: int | None = None, *, outgoing: Outgoing | None = None, now: Clock = clock.now
) -> None:
    """Deliver what is due until nothing is under way, and ask to be called when something is due again.

    Each look for what is due, and each record of what receivers answered, is a unit of work.
    """
    if account_id is not None:
        _begin(work, account_id)
    with ThreadPoolExecutor(RECEIVERS_AT_ONCE, thread_name_prefix="receiver") as pool:
        _Floor(work=work, outgoing=outgoing or outgoing_of(work), pool=pool, now=now).run()
    _schedule_next(work, now())


def poll_outbox(work: UnitOfWork, *, now: datetime) -> None:
    """Find what was not told of: events without deliveries, deliveries that are due, and who listens.

    Each fan-out is a unit of work.
    """
    is_more = True
    while is_more:
        is_more = fan_out(work, now=now) == EVENTS_AT_ONCE
        work.finish()
    for account_id in webhooks.listened_to(work.session):
        work.signals.note_listeners(account_id, True)
    _schedule_next(work, now)


def fan_out(work: UnitOfWork, *, now: datetime) -> int:
    """Make deliveries of the oldest events that have none; return how many events that were."""
    return outbox.fan_out(work.session, now=now, give_up_at=now + LASTS_FOR, most=EVENTS_AT_ONCE)


def _begin(work: UnitOfWork, account_id: int) -> None:
    try:
        work.signals.listeners.clear(account_id)
    except StoreUnavailable as error:
        log.warning("mark_not_cleared", account=account_id, error=str(error))


def _schedule_next(work: UnitOfWork, now: datetime) -> None:
    """Ask for the next look, at once or when something is due; raises StoreUnavailable, and the job is done again."""
    at = delivery_leases.next_at(work.session, now=now)
    work.finish()
    if at is not None and at <= now:
        work.signals.queue.deliver_webhooks()
    elif at is not None:
        work.signals.queue.deliver_webhooks_at(at)


@dataclass(slots=True, kw_only=True)
class _Floor:
    """The receivers with an attempt under way."""

    work: UnitOfWork
    outgoing: Outgoing
    pool: ThreadPoolExecutor
    now: Clock
    told: "SimpleQueue[AttemptMessage]" = field(default_factory=SimpleQueue)
    speaking: dict[int, Future[None]] = field(default_factory=dict)

    def run(self) -> None:
        began = time.monotonic()
        while True:
            lasted = time.monotonic() - began
            more = lasted < TAKES_TURNS_FOR and self._take_turns(silent_too=lasted < ASKS_SILENT_ONES_FOR)
            if not more and not self.speaking:
                return
            if self.speaking:
                self._listen()

    def _take_turns(self, *, silent_too: bool) -> bool:
        """Acquire leases and start their attempts; return whether more events wait for deliveries."""
        now = self.now()
        is_more = fan_out(self.work, now=now) == EVENTS_AT_ONCE
        self.work.finish()
        lease = LeaseTerms(
            until=now + LEASE,
            most=RECEIVERS_AT_ONCE - len(self.speaking),
            most_of_account=OF_ONE_ACCOUNT,
            silent_too=silent_too,
            spoken_to=tuple(self.speaking),
        )
        taken = (
            delivery_leases.acquire(self.work.session, lease, now=now, most_each=DELIVERIES_PER_TURN)
            if lease.most
            else []
        )
        self.work.finish()
        for turn in taken:
            self.speaking[turn.webhook_id] = self.pool.submit(attempt.send_all, self.outgoing, turn, self.told)
        return is_more

    def _listen(self) -> None:
        """Write the results of the attempts that ended within a short time."""
        said, now = self._heard(), self.now()
        if not said:
            return
        results = [attempt.result(one, now=now) for one in said if isinstance(one, AttemptResult)]
        delivery_leases.extend(self.work.session, {one.turn.webhook_id for one in said}, results)
        delivery_leases.write(self.work.session, results)
        for one in said:
            if isinstance(one, LeaseEnded):
                self._end(one, now)
        self.work.finish()
        if parked := [str(result.id) for result in results if result.status is DeliveryStatus.PARKED]:
            log.warning("deliveries_parked", ids=parked)

    def _heard(self) -> list[AttemptMessage]:
        try:
            said = [self.told.get(timeout=GLANCE)]
        except Empty:
            return []
        time.sleep(GATHER)  # one transaction for many fast answers
        while not self.told.empty():
            said.append(self.told.get())
        return said

    def _end(self, ended: LeaseEnded, now: datetime) -> None:
        turn, last = ended.turn, ended.last
        broken = self.speaking.pop(turn.webhook_id).exception()
        silent = bool(broken or (last and last.silent))
        silences = turn.silences + 1 if silent else 0
        pause = attempt.pause_after(silences)
        if broken:
            log.error("webhook_turn_failed", account=turn.account_id, webhook=turn.webhook_id, exc_info=broken)
        elif last and last.silent:
            log.info("webhook_silent", account=turn.account_id, webhook=turn.webhook_id, error=last.error)
            delivery_leases.park_overdue(self.work.session, turn.webhook_id, now=now, why=last.error)
        paused_until = now + pause if pause else None
        delivery_leases.release(self.work.session, turn, now=now, silences=silences, paused_until=paused_until)
