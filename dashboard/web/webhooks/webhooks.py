"""Webhooks: their events, their deliveries, and repeated deliveries."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.services.webhooks import webhooks
from dashboard.services.webhooks.webhook_forms import WebhookEdit, WebhookForm
from dashboard.services.webhooks.webhooks import WebhookRow
from dashboard.store.core.paging import Page
from dashboard.store.ledger.ledger import Event
from dashboard.store.models.webhooks import DeliveryStatus
from dashboard.store.webhooks import webhook_page as store
from dashboard.store.webhooks.webhook_page import Undelivered
from dashboard.web.audit.edit_forms import About, editing, refused, there
from dashboard.web.core import form_input, htmx, resubmission
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 50
PART = "webhooks/_webhook.html"
pages = pages_of("webhooks")


@pages.get("/settings/webhooks")
@supervisors_only
def index() -> ResponseReturnValue:
    """List the webhooks."""
    found = webhooks.show_all(
        unit_of_work(), viewer().account_id, Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    )
    undelivered = store.undelivered(unit_of_work().session, viewer().account_id, [row.id for row in found.data])
    return render_template("webhooks/index.html", found=found, undelivered=undelivered, none=Undelivered())


@pages.get("/settings/webhooks/new")
@supervisors_only
def new() -> ResponseReturnValue:
    """Show the form for a new webhook, with all events chosen."""
    return _new(WebhookEdit(url="", subscriptions=tuple(Event), enabled=True))


@pages.post("/settings/webhooks")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create a webhook. The answer is its page, because no later page shows its secret."""
    edit = _typed()
    made = (
        edit
        if isinstance(edit, Invalid)
        else finished(webhooks.create(unit_of_work(), viewer().account_id, edit, **actor_kwargs()))
    )
    if isinstance(made, Invalid):
        first = resubmission.first_made(webhooks.WEBHOOK, made, edit)
        secret = first and webhooks.secret_of(unit_of_work(), viewer().account_id, first)
        if not (first and secret):
            return _new(_as_typed(), errors=made.errors), HTTPStatus.UNPROCESSABLE_ENTITY
        return _shown(first, secret=secret), HTTPStatus.CREATED
    return _shown(made.row.id, secret=made.secret), HTTPStatus.CREATED


@pages.get("/settings/webhooks/<int:webhook_id>")
@supervisors_only
def show(webhook_id: int) -> ResponseReturnValue:
    """Show a webhook with its deliveries."""
    return _shown(webhook_id)


@pages.post("/settings/webhooks/<int:webhook_id>")
@supervisors_only
def update(webhook_id: int) -> ResponseReturnValue:
    """Change a webhook's address and events, and enable or disable it."""
    _webhook(webhook_id)
    edit = _typed()
    changed = (
        edit
        if isinstance(edit, Invalid)
        else finished(webhooks.change(unit_of_work(), viewer().account_id, webhook_id, edit, **editing()))
    )
    if changed is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(changed, Invalid):
        answer = refused(changed, About("webhook", webhook_id))
        fields = replace(_webhook(webhook_id), **changed.wanted) if isinstance(changed, Stale) else _as_typed()
        return _shown(webhook_id, errors=answer.errors, fields=fields), answer.status
    return _saved(webhook_id, "The webhook was saved.")


@pages.post("/settings/webhooks/<int:webhook_id>/secret")
@supervisors_only
def rotate(webhook_id: int) -> ResponseReturnValue:
    """Replace the secret. The answer is the page, because no later page shows the secret."""
    made = finished(webhooks.rotate(unit_of_work(), viewer().account_id, webhook_id, **actor_kwargs()))
    if made is None:
        abort(HTTPStatus.NOT_FOUND)
    return _shown(webhook_id, secret=made.secret)


@pages.post("/settings/webhooks/<int:webhook_id>/deliveries/<uuid:delivery_id>")
@supervisors_only
def redeliver(webhook_id: int, delivery_id: UUID) -> ResponseReturnValue:
    """Deliver an event again at once."""
    done = finished(webhooks.redeliver(unit_of_work(), viewer().account_id, webhook_id, delivery_id, **actor_kwargs()))
    if done is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(done, Conflict):
        return _shown(webhook_id, errors=invalid("delivery", done.sentence).errors), HTTPStatus.UNPROCESSABLE_ENTITY
    return _saved(webhook_id, f"{done.event.replace('_', ' ').capitalize()} is delivered again.")


@pages.post("/settings/webhooks/<int:webhook_id>/deletion")
@supervisors_only
def destroy(webhook_id: int) -> ResponseReturnValue:
    """Delete a webhook and its deliveries."""
    there(finished(webhooks.remove(unit_of_work(), viewer().account_id, webhook_id, **actor_kwargs())))
    flash("Webhook deleted.")
    return redirect(url_for("web.webhooks.index"), HTTPStatus.SEE_OTHER)


def _typed() -> WebhookEdit | Invalid:
    said = {
        "url": request.form.get("url", ""),
        "subscriptions": request.form.getlist("event"),
        "enabled": form_input.switched_on("enabled"),
    }
    loaded: WebhookEdit | Invalid = form_input.load(WebhookForm(), said)
    if not isinstance(loaded, Invalid) and not loaded.subscriptions:
        return invalid("subscriptions", "Choose at least one event.")
    return loaded


def _as_typed() -> WebhookEdit:
    """Return the typed fields, valid or not."""
    chosen = tuple(event for event in Event if event in request.form.getlist("event"))
    return WebhookEdit(url=request.form.get("url", ""), subscriptions=chosen, enabled=form_input.switched_on("enabled"))


def _new(fields: WebhookEdit, **more: Any) -> str:
    return render_template("webhooks/new.html", **{"fields": fields, "events": tuple(Event), "errors": {}, **more})


def _saved(webhook_id: int, said: str) -> ResponseReturnValue:
    back = url_for("web.webhooks.show", webhook_id=webhook_id, status=_status())
    return htmx.saved(PART, said=said, elsewhere=back, **_context(webhook_id))


def _shown(webhook_id: int, **more: Any) -> str:
    return render_template(PART if htmx.is_htmx() else "webhooks/show.html", **{**_context(webhook_id), **more})


def _context(webhook_id: int) -> dict[str, Any]:
    account_id, session, row = viewer().account_id, unit_of_work().session, _webhook(webhook_id)
    before, status = form_input.number_in(request.args, "before"), _status()
    return {
        "webhook": row,
        "fields": row,
        "events": tuple(Event),
        "statuses": tuple(DeliveryStatus),
        "status": status,
        "undelivered": store.undelivered(session, account_id, [row.id]).get(row.id, Undelivered()),
        "deliveries": store.deliveries(session, account_id, row.id, status=status, before=before, most=PER_PAGE),
        "is_first_page": before is None,
        "secret": None,
        "errors": {},
        "now": clock.now(),
    }


def _status() -> DeliveryStatus | None:
    asked = request.values.get("status", "")
    return DeliveryStatus(asked) if asked in tuple(DeliveryStatus) else None


def _webhook(webhook_id: int) -> WebhookRow:
    return webhooks.show(unit_of_work(), viewer().account_id, webhook_id) or abort(HTTPStatus.NOT_FOUND)
