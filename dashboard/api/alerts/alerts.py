"""Alerts, open and past."""

from marshmallow import Schema, fields

from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing
from dashboard.http import unit_of_work
from dashboard.services.alerts import alerts as service
from dashboard.services.alerts.alerts import AlertView
from dashboard.services.core.form_fields import Instant, Word
from dashboard.store.core.paging import Listed, Page
from dashboard.store.models.alerts import NoticeKind

bp = ApiBlueprint("alerts", "What alert rules have found.")


class ToldSchema(Schema):
    """A message to a channel about the opening or the end; `ok` is null before its first attempt."""

    channel_id = fields.Integer()
    kind = Word(NoticeKind)
    ok = fields.Boolean(allow_none=True)
    error = fields.String(allow_none=True)


class AlertSchema(Schema):
    """An alert, open while `closed_at` is null."""

    id = fields.Integer()
    kind = fields.String()
    inbox_id = fields.Integer(allow_none=True)
    sentence = fields.String()
    opened_at = Instant()
    closed_at = Instant(allow_none=True)
    told = fields.List(fields.Nested(ToldSchema))


@bp.route("/alerts")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(AlertSchema))
def index(page: Page) -> Listed[AlertView]:
    """List the alerts, the open ones first, then the newest."""
    return service.show_all(unit_of_work(), caller().account_id, page)
