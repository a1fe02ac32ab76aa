"""Capacity policies."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.policies import capacity_policies as service
from dashboard.services.policies.capacity_policies import CapacityView
from dashboard.services.policies.policy_forms import CapacityPolicyEdit, CapacityPolicyForm
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("agent_capacity_policies", "Limits of open conversations, and rules that exclude conversations.")
POLICY = Tagged(
    "name", "description", "conversation_limit", "count_only_unanswered", "exclusion_rules", "inbox_capacity_limits"
)


class ExclusionRulesSchema(Schema):
    """Rules that exclude conversations from assignment; null hours exclude none by age."""

    excluded_labels = fields.List(fields.String())
    exclude_older_than_hours = fields.Integer(allow_none=True)


class InboxLimitSchema(Schema):
    """The most open conversations of one inbox that an agent under the policy may hold."""

    id = fields.Integer()
    inbox_id = fields.Integer()
    conversation_limit = fields.Integer()


class CapacityPolicySchema(Schema):
    """A capacity policy; its own limit counts an agent's open conversations in all inboxes."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    conversation_limit = fields.Integer(allow_none=True)
    count_only_unanswered = fields.Boolean()
    exclusion_rules = fields.Nested(ExclusionRulesSchema)
    assigned_agent_count = fields.Integer()
    inbox_capacity_limits = fields.List(fields.Nested(InboxLimitSchema))


@bp.route("/agent_capacity_policies")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(CapacityPolicySchema))
def index(page: Page) -> Listed[CapacityView]:
    """List the capacity policies."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/agent_capacity_policies", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(CapacityPolicyForm)
@bp.response(201, CapacityPolicySchema)
@POLICY
def create(edit: CapacityPolicyEdit) -> CapacityView:
    """Create a capacity policy; it has no effect until an agent is under it."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/agent_capacity_policies/<id:policy_id>")
@allowed(SUPERVISORS)
@bp.response(200, CapacityPolicySchema)
@POLICY
def show(policy_id: int) -> CapacityView:
    """Read a capacity policy."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, policy_id))


@bp.route("/agent_capacity_policies/<id:policy_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(CapacityPolicyForm(partial=True))
@bp.response(200, CapacityPolicySchema)
@POLICY
def change(edit: CapacityPolicyEdit, policy_id: int) -> CapacityView:
    """Change a capacity policy; exclusion rules are replaced as a whole."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, policy_id, edit, actor_id=who.user_id, now=clock.now(), seen=POLICY.seen()
        )
    )


@bp.route("/agent_capacity_policies/<id:policy_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@POLICY
def remove(policy_id: int) -> None:
    """Remove a capacity policy; its agents then have none."""
    who = caller()
    or_refuse(
        service.remove(
            unit_of_work(), who.account_id, policy_id, actor_id=who.user_id, now=clock.now(), seen=POLICY.seen()
        )
    )
