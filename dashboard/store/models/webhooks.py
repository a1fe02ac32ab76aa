"""Webhooks and their deliveries."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Boolean, ForeignKey, Index, Uuid, text
from sqlalchemy.orm import Mapped, mapped_column

from dashboard.store.models.base import NO_DOUBLE, AccountId, Base, CreatedAt, InAccount, Words, same_account, word

PENDING = text("status = 'pending'")


class DeliveryStatus(StrEnum):
    """The state of a delivery: pending, accepted by the receiver, or given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    PARKED = "parked"


class Webhook(InAccount, Base):
    """A receiver of events; its secret signs every body, so it is stored in plain text.

    `held_until` is the lease of the one process that calls it; `paused_until` pauses the calls to a silent receiver.
    """

    __tablename__ = "webhooks"
    __table_args__ = (
        Index("uq_webhooks_account_id_id", "account_id", "id", unique=True),
        Index("uq_webhooks_account_id_url", "account_id", text("md5(url)"), unique=True, postgresql_where=NO_DOUBLE),
    )

    url: Mapped[str]
    subscriptions: Mapped[Words]
    secret: Mapped[str]
    enabled: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))
    created_at: Mapped[CreatedAt]
    held_until: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    silences: Mapped[int] = mapped_column(server_default="0")
    is_double: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))


class WebhookDelivery(Base):
    """One event for one receiver; the id stays the same over all attempts."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        same_account("webhook_id", "webhooks", ondelete="CASCADE"),
        Index("uq_webhook_deliveries_event", "webhook_id", "event_id", unique=True),
        Index(
            "ix_webhook_deliveries_due",
            "webhook_id",
            "next_attempt_at",
            "event_id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_webhook_deliveries_order",
            "webhook_id",
            "conversation_id",
            "event_id",
            postgresql_where=text("status = 'pending'"),
        ),
        # Parked deliveries, their number and rows, among a million delivered ones.
        Index(
            "ix_webhook_deliveries_undelivered",
            "webhook_id",
            "status",
            text("event_id DESC"),
            postgresql_where=text("status <> 'delivered'"),
        ),
        Index("ix_webhook_deliveries_event_id", "event_id"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    account_id: Mapped[AccountId]
    webhook_id: Mapped[int]
    event_id: Mapped[int] = mapped_column(ForeignKey("outbox_events.id", ondelete="CASCADE"))
    conversation_id: Mapped[int | None]
    status: Mapped[DeliveryStatus] = mapped_column(word(DeliveryStatus, "status"), server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    give_up_at: Mapped[datetime]
    response_status: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    delivered_at: Mapped[datetime | None]
