"""Sending of notices: each in a process of its own, so that a channel without an answer delays no other one."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from dashboard import clock
from dashboard.http_client.apprise_channel import SEND_SECONDS, AppriseChannel
from dashboard.services.alerts import addresses, notice_text
from dashboard.services.alerts.channels import caller_of
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.alerts import notices
from dashboard.store.alerts.notices import DueNotice, NoticeLease
from dashboard.store.models.alerts import NoticeKind

log = structlog.get_logger()
AT_ONCE, OF_ONE_ACCOUNT = 8, 4
LEASE = timedelta(seconds=2 * SEND_SECONDS)
RETRIES = (timedelta(seconds=30), timedelta(minutes=2))
# Then the job ends when the sends under way have; what is left is found by the next one.
TAKES_FOR, GLANCE = 60.0, 0.2
WRONG_KEY = "The address was encrypted by another SECRET_KEY: delete the channel and create it again."


def send_due(
    work: UnitOfWork, *, caller: AppriseChannel | None = None, now: Callable[[], datetime] = clock.now
) -> None:
    """Send what is due until nothing is under way. Each lease and each result is a unit of work."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="channel") as pool:
        _Sends(work=work, caller=caller or caller_of(work), pool=pool, now=now).run()


@dataclass(slots=True, kw_only=True)
class _Sends:
    """The sends under way; only the main thread uses the database."""

    work: UnitOfWork
    caller: AppriseChannel
    pool: ThreadPoolExecutor
    now: Callable[[], datetime]
    under_way: dict[Future[str | None], DueNotice] = field(default_factory=dict)

    def run(self) -> None:
        until = time.monotonic() + TAKES_FOR
        while True:
            if time.monotonic() < until:
                self._take()
            if not self.under_way:
                return
            done, _ = wait(self.under_way, timeout=GLANCE, return_when=FIRST_COMPLETED)
            for one in done:
                self._end(one)

    def _take(self) -> None:
        most = AT_ONCE - len(self.under_way)
        if not most:
            return
        now = self.now()
        terms = NoticeLease(until=now + LEASE, most=most, most_of_account=OF_ONE_ACCOUNT)
        taken = notices.lease(self.work.session, terms, now=now)
        self.work.finish()
        for notice in taken:
            self.under_way[self.pool.submit(self._send, notice)] = notice

    def _send(self, notice: DueNotice) -> str | None:
        settings = self.work.settings
        url = addresses.unseal(notice.sealed, settings.secret_key)
        if url is None:
            return WRONG_KEY
        return self.caller.send(url, notice_text.message(notice, public_url=settings.public_url))

    def _end(self, send: Future[str | None]) -> None:
        notice, now = self.under_way.pop(send), self.now()
        error = send.result()
        is_last = notice.kind is NoticeKind.TEST or notice.attempts > len(RETRIES)
        again_at = None if error is None or is_last else now + RETRIES[notice.attempts - 1]
        notices.write_result(self.work.session, notice, error=error, again_at=again_at, now=now)
        self.work.finish()
        if error:
            log.warning("notice_not_accepted", account=notice.account_id, channel=notice.channel_id, error=error)
