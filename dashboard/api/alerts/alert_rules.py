"""Alert rules."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.alerts import rules as service
from dashboard.services.alerts.alert_forms import AlertRuleEdit, AlertRuleForm
from dashboard.services.alerts.kinds import AlertKind
from dashboard.services.core.form_fields import Instant
from dashboard.store.alerts.rules import AlertRuleRow
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("alert_rules", "Conditions that open alerts, checked every 15 seconds.")
RULE = Tagged(edit=AlertRuleEdit)


class AlertRuleSchema(Schema):
    """An alert rule; without `inbox_id`, of any inbox."""

    id = fields.Integer()
    kind = fields.String(metadata={"enum": list(AlertKind)})
    threshold = fields.Integer(allow_none=True)
    minutes = fields.Integer(allow_none=True)
    inbox_id = fields.Integer(allow_none=True)
    channel_ids = fields.List(fields.Integer())
    enabled = fields.Boolean()
    created_at = Instant()


@bp.route("/alert_rules")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(AlertRuleSchema))
def index(page: Page) -> Listed[AlertRuleRow]:
    """List the alert rules."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/alert_rules", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(AlertRuleForm)
@bp.response(201, AlertRuleSchema)
def create(edit: AlertRuleEdit) -> AlertRuleRow:
    """Create an alert rule."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/alert_rules/<id:rule_id>")
@allowed(SUPERVISORS)
@bp.response(200, AlertRuleSchema)
@RULE
def show(rule_id: int) -> AlertRuleRow:
    """Read an alert rule."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, rule_id))


@bp.route("/alert_rules/<id:rule_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(AlertRuleForm(partial=True))
@bp.response(200, AlertRuleSchema)
@RULE
def change(edit: AlertRuleEdit, rule_id: int) -> AlertRuleRow:
    """Change an alert rule; an open alert of a disabled rule closes."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, rule_id, edit, actor_id=who.user_id, now=clock.now(), seen=RULE.seen()
        )
    )


@bp.route("/alert_rules/<id:rule_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@RULE
def remove(rule_id: int) -> None:
    """Remove an alert rule; its past alerts stay."""
    who = caller()
    or_refuse(
        service.remove(unit_of_work(), who.account_id, rule_id, actor_id=who.user_id, now=clock.now(), seen=RULE.seen())
    )
