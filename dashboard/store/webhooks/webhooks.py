"""Webhooks and their subscriptions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, update

from dashboard.store.models import Webhook
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRow:
    """A webhook without its secret."""

    id: int
    url: str
    subscriptions: tuple[str, ...]
    enabled: bool
    created_at: datetime


shelf = AccountTable(Webhook, WebhookRow)


def listened_to(session: Session) -> Sequence[int]:
    """Return the accounts that have an enabled webhook."""
    return session.scalars(select(Webhook.account_id).where(Webhook.enabled).distinct()).all()


def is_listened_to(session: Session, account_id: int) -> bool:
    """Return True if the account has an enabled webhook."""
    return bool(session.scalar(select(exists().where(Webhook.account_id == account_id, Webhook.enabled))))


def secret_of(session: Session, account_id: int, webhook_id: int) -> str | None:
    """Return the secret that signs the webhook's deliveries."""
    return session.scalar(select(Webhook.secret).where(Webhook.account_id == account_id, Webhook.id == webhook_id))


def end_pause(session: Session, webhook_id: int) -> None:
    """Let the receiver be called at once, and reset its silences."""
    session.execute(update(Webhook).where(Webhook.id == webhook_id).values(paused_until=None, silences=0))
