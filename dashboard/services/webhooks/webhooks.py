"""Webhooks: creation with a secret, change and removal; lists and repeats of their deliveries."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from dashboard.http_client.client import Outgoing
from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.webhooks import deliver
from dashboard.services.webhooks.attempt import LASTS_FOR
from dashboard.services.webhooks.webhook_forms import WebhookEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.webhooks import deliveries as delivery_store
from dashboard.store.webhooks import outbox
from dashboard.store.webhooks import webhooks as store
from dashboard.store.webhooks.deliveries import DeliveryView
from dashboard.store.webhooks.webhooks import WebhookRow

__all__ = [
    "DeliveryView",
    "WebhookRow",
    "WebhookWithSecret",
    "change",
    "create",
    "redeliver",
    "remove",
    "rotate",
    "secret_of",
    "show",
    "show_all",
    "show_deliveries",
]

WEBHOOK = Resource(subject="webhook", shelf=store.shelf, unique="url")
ENTROPY_BYTES = 32
DISABLED = "This webhook is disabled; enable it first."


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWithSecret:
    """A webhook with its new secret, shown only once."""

    row: WebhookRow
    secret: str


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[WebhookRow]:
    """Return the webhooks without their secrets."""
    return store.shelf.page(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, webhook_id: int) -> WebhookRow | None:
    """Return the webhook without its secret."""
    return store.shelf.find(work.session, account_id, webhook_id)


def create(
    work: UnitOfWork,
    account_id: int,
    edit: WebhookEdit,
    *,
    actor_id: int | None,
    now: datetime,
    to: Outgoing | None = None,
) -> WebhookWithSecret | Invalid:
    """Create a webhook; it receives only later events."""
    if no := _refused(work, edit, to):
        return no
    _tell_of_what_was(work, now)
    secret = _secret()
    values = {**sent_fields(edit), "secret": secret, "created_at": now}
    row = audited_crud.add(work, account_id, WEBHOOK, values, cause=ActorContext(actor_id=actor_id, now=now))
    if isinstance(row, Invalid):
        return row
    _note(work, account_id)
    return WebhookWithSecret(row=row, secret=secret)


def change(
    work: UnitOfWork,
    account_id: int,
    webhook_id: int,
    edit: WebhookEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
    to: Outgoing | None = None,
) -> WebhookRow | Invalid | None:
    """Change a webhook; a new URL or a switch to enabled starts its pending deliveries at once."""
    if no := _refused(work, edit, to):
        return no
    _tell_of_what_was(work, now)
    before = store.shelf.lock(work.session, account_id, webhook_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    if values.get("subscriptions") == ():
        # Two people may each take away what the other one left, and a webhook needs an event.
        values["subscriptions"] = edit.subscriptions
    changed = audited_crud.change(
        work, account_id, WEBHOOK, before, values=values, cause=ActorContext(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    if changed.differs_in("url", "enabled"):
        store.end_pause(work.session, webhook_id)
    _note(work, account_id)
    return changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    webhook_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> WebhookRow | Stale | None:
    """Remove a webhook with all its deliveries."""
    before = store.shelf.lock(work.session, account_id, webhook_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    audited_crud.remove(work, account_id, WEBHOOK, before, cause=ActorContext(actor_id=actor_id, now=now))
    _note(work, account_id)
    return before


def rotate(
    work: UnitOfWork, account_id: int, webhook_id: int, *, actor_id: int | None, now: datetime
) -> WebhookWithSecret | None:
    """Replace the secret for the signatures of all later requests; it is shown only once."""
    row = store.shelf.lock(work.session, account_id, webhook_id)
    if row is None:
        return None
    secret = _secret()
    store.shelf.change(work.session, webhook_id, {"secret": secret})
    said = AuditedChange(
        subject="webhook", subject_id=webhook_id, before={"url": row.url}, after={"url": row.url, "secret": "set"}
    )
    audit_log.write(work, account_id, said, ActorContext(actor_id=actor_id, now=now))
    return WebhookWithSecret(row=row, secret=secret)


def secret_of(work: UnitOfWork, account_id: int, webhook_id: int) -> str | None:
    """Return the secret, for the answer to a double submission of the same person's form."""
    return store.secret_of(work.session, account_id, webhook_id)


def show_deliveries(work: UnitOfWork, account_id: int, webhook_id: int, page: Page) -> Listed[DeliveryView] | None:
    """Return a page of the webhook's deliveries, sent or pending, newest first."""
    if store.shelf.find(work.session, account_id, webhook_id) is None:
        return None
    return delivery_store.page(work.session, account_id, webhook_id, page)


def redeliver(
    work: UnitOfWork, account_id: int, webhook_id: int, delivery_id: UUID, *, actor_id: int | None, now: datetime
) -> DeliveryView | Conflict | None:
    """Repeat a delivery at once, with the same id and any status; its 24 hours start again."""
    # Before the webhook's own lock: a fan-out under way holds this one and refers to the webhook.
    outbox.lock_fan_out(work.session)
    webhook = store.shelf.lock(work.session, account_id, webhook_id)
    before = delivery_store.find(work.session, account_id, webhook_id, delivery_id)
    if webhook is None or before is None:
        return None
    if not webhook.enabled:
        return Conflict(sentence=DISABLED)
    delivery_store.request_again(work.session, before, now=now, give_up_at=now + LASTS_FOR)
    store.end_pause(work.session, webhook_id)
    after = delivery_store.find(work.session, account_id, webhook_id, delivery_id)
    facts = [{"delivery_id": str(delivery_id), "status": one.status} for one in (before, after) if one]
    asked = AuditedChange(subject="webhook", subject_id=webhook_id, before=facts[0], after=facts[-1])
    audit_log.write(work, account_id, asked, ActorContext(actor_id=actor_id, now=now))
    work.notes.then(partial(work.signals.deliver, account_id))
    return after


def _secret() -> str:
    return f"whsec_{secrets.token_urlsafe(ENTROPY_BYTES)}"


def _refused(work: UnitOfWork, edit: WebhookEdit, to: Outgoing | None) -> Invalid | None:
    """Refuse a URL with a forbidden address; each delivery repeats this check."""
    if not isinstance(edit.url, str):
        return None
    why = (to or deliver.outgoing_of(work)).refusal(edit.url)
    return invalid("url", why) if why else None


def _tell_of_what_was(work: UnitOfWork, now: datetime) -> None:
    """Create the deliveries of earlier events before a change of the receivers."""
    while deliver.fan_out(work, now=now) == deliver.EVENTS_AT_ONCE:
        pass


def _note(work: UnitOfWork, account_id: int) -> None:
    listening = store.is_listened_to(work.session, account_id)
    work.notes.then(partial(work.signals.note_listeners, account_id, listening))
    work.notes.changed(account_id)
