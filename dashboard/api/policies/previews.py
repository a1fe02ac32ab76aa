"""Dry runs: the next run under other rules."""

from typing import Any

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.assignment.runs import GivenSchema
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.errors import refuse
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.policies import previews as service
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, AssignmentPolicyForm
from dashboard.services.policies.previews import Preview

bp = ApiBlueprint("previews", "Dry runs: what the next run would do under other rules.")


class DifferenceSchema(Schema):
    """A conversation that another agent would get; null is no agent."""

    conversation_id = fields.Integer()
    now_agent_id = fields.Integer(allow_none=True)
    then_agent_id = fields.Integer(allow_none=True)


class ComparisonSchema(Schema):
    """The next run under the present rules, and the differences."""

    assigned_count = fields.Integer()
    changed = fields.List(fields.Nested(DifferenceSchema))


class PreviewSchema(Schema):
    """The next run under other rules; nothing is written."""

    assigned_count = fields.Integer()
    assignments = fields.List(fields.Nested(GivenSchema))
    left_waiting = fields.Dict(keys=fields.String(), values=fields.Integer())
    compared_with_now = fields.Nested(ComparisonSchema)


@bp.route("/inboxes/<id:inbox_id>/assignment_runs/preview", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(AssignmentPolicyForm(partial=True))
@bp.response(200, PreviewSchema)
def create(wanted: AssignmentPolicyEdit, inbox_id: int) -> dict[str, Any]:
    """Plan the next run as if the inbox's policy had these rules, and compare it with the present ones."""
    account_id = caller().account_id
    policy = or_refuse(service.current_policy(unit_of_work(), account_id, inbox_id))
    rules = service.changed(policy, wanted)
    if wrong := service.refusal(unit_of_work(), account_id, rules):
        refuse(422, errors=wrong.errors)
    return _body(or_refuse(service.preview(unit_of_work(), account_id, inbox_id, rules, now=clock.now())))


def _body(found: Preview) -> dict[str, Any]:
    assigned = [
        {"conversation_id": one.conversation_id, "agent_id": one.agent_id, "position": position}
        for position, one in enumerate(found.then.assigns, 1)
    ]
    return {
        "assigned_count": len(assigned),
        "assignments": assigned,
        "left_waiting": {reason.value: count for reason, count in found.then.left_waiting.items()},
        "compared_with_now": {"assigned_count": len(found.now.assigns), "changed": found.changed},
    }
