"""Webhooks and their deliveries."""

from uuid import UUID

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import Instant, Word
from dashboard.services.webhooks import webhooks as service
from dashboard.services.webhooks.webhook_forms import WebhookEdit, WebhookForm
from dashboard.services.webhooks.webhooks import DeliveryView, WebhookRow, WebhookWithSecret
from dashboard.store.core.paging import Listed, Page
from dashboard.store.ledger.ledger import Event
from dashboard.store.models.webhooks import DeliveryStatus

bp = ApiBlueprint("webhooks", "Receivers of events: signed, delivered at least once.")
WEBHOOK = Tagged(edit=WebhookEdit)


class WebhookSchema(Schema):
    """A webhook, without its secret."""

    id = fields.Integer()
    url = fields.String()
    subscriptions = fields.List(fields.String(metadata={"enum": list(Event)}))
    enabled = fields.Boolean()
    created_at = Instant()


class MadeSchema(WebhookSchema):
    """A new webhook with its secret; no later answer contains the secret."""

    id = fields.Integer(attribute="row.id")
    url = fields.String(attribute="row.url")
    subscriptions = fields.List(fields.String(metadata={"enum": list(Event)}), attribute="row.subscriptions")
    enabled = fields.Boolean(attribute="row.enabled")
    created_at = Instant(attribute="row.created_at")
    secret = fields.String()


class DeliverySchema(Schema):
    """One event for one receiver; the receiver gets `id` in the header X-Evenhand-Delivery."""

    id = fields.UUID()
    event_id = fields.Integer()
    event = fields.String()
    conversation_id = fields.Integer(allow_none=True)
    status = Word(DeliveryStatus)
    attempts = fields.Integer()
    next_attempt_at = Instant(allow_none=True)
    response_status = fields.Integer(allow_none=True)
    error = fields.String(allow_none=True)
    created_at = Instant()
    delivered_at = Instant(allow_none=True)


@bp.route("/webhooks")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(WebhookSchema))
def index(page: Page) -> Listed[WebhookRow]:
    """List the webhooks."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/webhooks", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(WebhookForm)
@bp.response(201, MadeSchema)
def create(edit: WebhookEdit) -> WebhookWithSecret:
    """Create a webhook; only this answer contains its secret."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/webhooks/<id:webhook_id>")
@allowed(SUPERVISORS)
@bp.response(200, WebhookSchema)
@WEBHOOK
def show(webhook_id: int) -> WebhookRow:
    """Read a webhook."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, webhook_id))


@bp.route("/webhooks/<id:webhook_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(WebhookForm(partial=True))
@bp.response(200, WebhookSchema)
@WEBHOOK
def change(edit: WebhookEdit, webhook_id: int) -> WebhookRow:
    """Change a webhook; its secret stays the same."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, webhook_id, edit, actor_id=who.user_id, now=clock.now(), seen=WEBHOOK.seen()
        )
    )


@bp.route("/webhooks/<id:webhook_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@WEBHOOK
def remove(webhook_id: int) -> None:
    """Remove a webhook and its deliveries."""
    who = caller()
    or_refuse(
        service.remove(
            unit_of_work(), who.account_id, webhook_id, actor_id=who.user_id, now=clock.now(), seen=WEBHOOK.seen()
        )
    )


@bp.route("/webhooks/<id:webhook_id>/deliveries")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(DeliverySchema))
def deliveries(page: Page, webhook_id: int) -> Listed[DeliveryView]:
    """List a webhook's deliveries, newest event first."""
    return or_refuse(service.show_deliveries(unit_of_work(), caller().account_id, webhook_id, page))


@bp.route("/webhooks/<id:webhook_id>/deliveries/<uuid:delivery_id>/redeliver", methods=["POST"])
@allowed(SUPERVISORS)
@bp.response(202, DeliverySchema)
def redeliver(webhook_id: int, delivery_id: UUID) -> DeliveryView:
    """Deliver an event again at once under the same id, also one that was delivered before."""
    who = caller()
    now = clock.now()
    return or_refuse(
        service.redeliver(unit_of_work(), who.account_id, webhook_id, delivery_id, actor_id=who.user_id, now=now)
    )
