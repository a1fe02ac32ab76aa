"""Reads and repeats deliveries, for the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select, update

from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import OutboxEvent, WebhookDelivery
from dashboard.store.models.webhooks import DeliveryStatus
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One event for one receiver, with its status."""

    id: UUID
    webhook_id: int
    event_id: int
    event: str
    conversation_id: int | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None
    created_at: datetime
    delivered_at: datetime | None


SHOWN = [OutboxEvent.event if name == "event" else getattr(WebhookDelivery, name) for name in DeliveryView.__slots__]


def page(session: Session, account_id: int, webhook_id: int, wanted: Page) -> Listed[DeliveryView]:
    """Return one page of a webhook's deliveries, the newest event first."""
    which = (WebhookDelivery.account_id == account_id, WebhookDelivery.webhook_id == webhook_id)
    count = session.scalar(select(func.count()).select_from(WebhookDelivery).where(*which)) or 0
    newest = _shown().where(*which).order_by(WebhookDelivery.event_id.desc())
    rows = session.execute(newest.limit(wanted.per_page).offset(wanted.offset))
    return listed(map(_view, rows), count, wanted)


def request_again(session: Session, delivery: DeliveryView, *, now: datetime, give_up_at: datetime) -> None:
    """Restart a delivery of any status under the same id; its conversation's other deliveries become due at once."""
    anew = {"status": DeliveryStatus.PENDING, "attempts": 0, "next_attempt_at": now, "give_up_at": give_up_at}
    cleared = {"response_status": None, "error": None, "delivered_at": None}
    session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery.id).values(**anew, **cleared))
    of_it = (
        WebhookDelivery.webhook_id == delivery.webhook_id,
        WebhookDelivery.conversation_id == delivery.conversation_id,
        WebhookDelivery.status == DeliveryStatus.PENDING,
    )
    session.execute(update(WebhookDelivery).where(*of_it).values(next_attempt_at=now))


def find(session: Session, account_id: int, webhook_id: int, delivery_id: UUID) -> DeliveryView | None:
    which = (WebhookDelivery.account_id == account_id, WebhookDelivery.webhook_id == webhook_id)
    row = session.execute(_shown().where(*which, WebhookDelivery.id == delivery_id)).one_or_none()
    return _view(row) if row else None


def _shown() -> Select[Any]:
    return select(*SHOWN).join(OutboxEvent, OutboxEvent.id == WebhookDelivery.event_id)


def _view(row: Row[Any]) -> DeliveryView:
    return DeliveryView(**row._mapping)
