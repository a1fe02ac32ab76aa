"""A capacity policy's limits by inbox, and the agents under it."""

from dashboard import clock
from dashboard.api.agents.agents import AgentSchema
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.api.policies.capacity_policies import InboxLimitSchema
from dashboard.http import unit_of_work
from dashboard.services.agents.agents import AgentView
from dashboard.services.policies import capacity_limits as service
from dashboard.services.policies.capacity_limits import LimitKey, LimitRow
from dashboard.services.policies.policy_forms import AgentChoice, AgentChoiceForm, InboxLimitEdit, InboxLimitForm
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("capacity_limits", "A capacity policy's limits by inbox, and the agents under it.")
LIMIT = Tagged(edit=InboxLimitEdit)

USERS = "/agent_capacity_policies/<id:policy_id>/users"
LIMITS = "/agent_capacity_policies/<id:policy_id>/inbox_limits"


@bp.route(USERS)
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(AgentSchema))
def agents_under(page: Page, policy_id: int) -> Listed[AgentView]:
    """List the active agents under a capacity policy."""
    return or_refuse(service.agents_under(unit_of_work(), caller().account_id, policy_id, page, now=clock.now()))


@bp.route(USERS, methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(AgentChoiceForm)
@bp.response(200, AgentSchema)
def put_under(choice: AgentChoice, policy_id: int) -> AgentView:
    """Put an agent under a capacity policy; it replaces the agent's present one."""
    who = caller()
    return or_refuse(
        service.assign_policy(unit_of_work(), who.account_id, policy_id, choice, actor_id=who.user_id, now=clock.now())
    )


@bp.route(f"{USERS}/<id:user_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
def take_out(policy_id: int, user_id: int) -> None:
    """Remove an agent from their capacity policy."""
    who, choice = caller(), AgentChoice(user_id=user_id)
    or_refuse(
        service.unassign_policy(
            unit_of_work(), who.account_id, policy_id, choice, actor_id=who.user_id, now=clock.now()
        )
    )


@bp.route(LIMITS, methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(InboxLimitForm)
@bp.response(201, InboxLimitSchema)
@LIMIT
def create(edit: InboxLimitEdit, policy_id: int) -> LimitRow:
    """Limit an agent's open conversations of one inbox."""
    who = caller()
    return or_refuse(
        service.create(unit_of_work(), who.account_id, policy_id, edit, actor_id=who.user_id, now=clock.now())
    )


@bp.route(f"{LIMITS}/<id:limit_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(InboxLimitForm(partial=True))
@bp.response(200, InboxLimitSchema)
@LIMIT
def change(edit: InboxLimitEdit, policy_id: int, limit_id: int) -> LimitRow:
    """Change a limit."""
    who, key = caller(), LimitKey(policy_id=policy_id, limit_id=limit_id)
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, key, edit, actor_id=who.user_id, now=clock.now(), seen=LIMIT.seen()
        )
    )


@bp.route(f"{LIMITS}/<id:limit_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@LIMIT
def remove(policy_id: int, limit_id: int) -> None:
    """Remove a limit."""
    who, key = caller(), LimitKey(policy_id=policy_id, limit_id=limit_id)
    or_refuse(
        service.remove(unit_of_work(), who.account_id, key, actor_id=who.user_id, now=clock.now(), seen=LIMIT.seen())
    )
