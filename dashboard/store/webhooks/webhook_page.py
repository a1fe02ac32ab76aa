"""Webhooks with their undelivered events, and their deliveries page by page from any point."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from dashboard.store.models import Conversation, OutboxEvent, Webhook, WebhookDelivery
from dashboard.store.models.webhooks import DeliveryStatus
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """The numbers of a webhook's pending and parked deliveries."""

    pending: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryLine:
    """One event for one receiver, with its status."""

    id: UUID
    event_id: int
    event: str
    conversation_id: int | None
    subject: str | None
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None
    created_at: datetime
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Some deliveries, newest first; `before` is the event id at which the next page begins, None on the last page."""

    lines: tuple[DeliveryLine, ...]
    before: int | None


FACTS = (
    *(column for column in WebhookDelivery.__table__.columns if column.name in DeliveryLine.__slots__),
    OutboxEvent.event,
    Conversation.subject,
)


def undelivered(session: Session, account_id: int, webhook_ids: Sequence[int]) -> Mapping[int, Undelivered]:
    """Return, by webhook, the numbers of undelivered events."""
    which = (
        Webhook.account_id == account_id,
        WebhookDelivery.webhook_id.in_(webhook_ids),
        WebhookDelivery.status != DeliveryStatus.DELIVERED,
    )
    kind = (WebhookDelivery.webhook_id, WebhookDelivery.status)
    rows = session.execute(
        select(*kind, func.count().label("deliveries"))
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(*which)
        .group_by(*kind)
    )
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.webhook_id, {})[row.status.value] = row.deliveries
    return {webhook_id: Undelivered(**counts) for webhook_id, counts in found.items()}


def deliveries(
    session: Session,
    account_id: int,
    webhook_id: int,
    *,
    status: DeliveryStatus | None,
    before: int | None,
    most: int,
) -> Deliveries:
    """Return deliveries of events older than `before`, all or of one status."""
    wanted = (
        select(*FACTS)
        .join(OutboxEvent, OutboxEvent.id == WebhookDelivery.event_id)
        .outerjoin(Conversation, Conversation.id == WebhookDelivery.conversation_id)
        .where(WebhookDelivery.account_id == account_id, WebhookDelivery.webhook_id == webhook_id)
    )
    if status is not None:
        wanted = wanted.where(WebhookDelivery.status == status)
        if status is not DeliveryStatus.DELIVERED:
            wanted = wanted.where(WebhookDelivery.status != DeliveryStatus.DELIVERED)
    if before is not None:
        wanted = wanted.where(WebhookDelivery.event_id < before)
    rows = session.execute(wanted.order_by(WebhookDelivery.event_id.desc()).limit(most + 1)).all()
    shown = tuple(DeliveryLine(**row._mapping) for row in rows[:most])
    return Deliveries(lines=shown, before=shown[-1].event_id if len(rows) > most else None)
