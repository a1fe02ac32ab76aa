"""The check of the simulator on textbook cases."""

from typing import Any

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.assignment.runs import NothingForm
from dashboard.api.core.auth import EVERYBODY, SUPERVISORS, allowed
from dashboard.api.core.idempotency import idempotent
from dashboard.api.core.resources import ApiBlueprint
from dashboard.http import finished, unit_of_work
from dashboard.services.core.form_fields import Instant, Word
from dashboard.services.trust import simulator_checks as service
from dashboard.services.trust.simulator_checks import QueueModel, TrustView

bp = ApiBlueprint("trust", "The simulator beside textbooks.")


class CaseSchema(Schema):
    """A textbook case; before the first check it has the closed form alone."""

    model = Word(QueueModel)
    figure = fields.String()
    arrivals_per_minute = fields.Float()
    handling_minutes = fields.Float()
    agents = fields.Integer()
    patience_minutes = fields.Float(allow_none=True)
    closed_form = fields.Float()
    simulated = fields.Float(allow_none=True)
    low = fields.Float(allow_none=True)
    high = fields.Float(allow_none=True)
    agrees = fields.Boolean(allow_none=True)


class TrustSchema(Schema):
    """The last finished check; `requested_at` is set while another one is under way."""

    checked_at = Instant(allow_none=True)
    agrees = fields.Boolean(allow_none=True)
    seed = fields.Integer(allow_none=True)
    requested_at = Instant(allow_none=True)
    cases = fields.List(fields.Nested(CaseSchema))


@bp.route("/trust")
@allowed(EVERYBODY)
@bp.response(200, TrustSchema)
def show() -> TrustView:
    """Read the last check of the simulator."""
    return service.view(unit_of_work())


@bp.route("/trust/checks", methods=["POST"])
@allowed(SUPERVISORS)
@idempotent
@bp.arguments(NothingForm, required=False)
@bp.response(202, TrustSchema)
def create(_: dict[str, Any]) -> TrustView:
    """Have the simulator checked, unless a check is under way."""
    finished(service.request(unit_of_work(), now=clock.now()))
    return service.view(unit_of_work())
