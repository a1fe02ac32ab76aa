"""Alerts with the results of their notices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.services.alerts.kinds import AlertLevel, entry_of
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.alerts import alerts as store
from dashboard.store.alerts import notices
from dashboard.store.alerts.alerts import AlertRow
from dashboard.store.alerts.notices import NoticeResult
from dashboard.store.core.paging import Listed, Page, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert, open while `closed_at` is None, and what became of its messages to channels."""

    id: int
    kind: str
    level: AlertLevel
    inbox_id: int | None
    inbox: str | None
    sentence: str
    opened_at: datetime
    closed_at: datetime | None
    told: Sequence[NoticeResult] = ()


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[AlertView]:
    """Return a page of the alerts, the open ones first, then the newest."""
    found = store.page(work.session, account_id, page)
    told = notices.of_alerts(work.session, account_id, [row.id for row in found.data])
    return listed([_view(row, told[row.id]) for row in found.data], found.meta.count, page)


def open_ones(work: UnitOfWork, account_id: int) -> Sequence[AlertView]:
    """Return the open alerts without their messages, the loudest and oldest first."""
    views = [_view(row, ()) for row in store.open_ones(work.session, account_id)]
    return sorted(views, key=lambda one: (one.level is not AlertLevel.ACTION, one.id))


def _view(row: AlertRow, told: Sequence[NoticeResult]) -> AlertView:
    return AlertView(
        id=row.id,
        kind=row.kind,
        level=entry_of(row.kind).level,
        inbox_id=row.inbox_id,
        inbox=row.inbox,
        sentence=row.sentence,
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        told=told,
    )
