"""Agents and their presence."""

from marshmallow import Schema, fields, validate

from dashboard import clock
from dashboard.api.core.auth import ADMINISTRATORS, EVERYBODY, SUPERVISORS, allowed, caller, only_own
from dashboard.api.core.errors import refuse
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts.account_forms import AgentEdit, AgentForm
from dashboard.services.agents import agents as service
from dashboard.services.agents import presence
from dashboard.services.agents.agents import AgentView
from dashboard.services.agents.presence import AvailabilityResult
from dashboard.services.agents.presence_forms import Availability, AvailabilityForm, HeartbeatList, HeartbeatsForm
from dashboard.services.core.form_fields import Instant
from dashboard.store.accounts.log_ins import LogIn
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("agents", "Agents, their presence and their load.")
# Idling changes the availability, so it is not part of the ETag.
AGENT = Tagged("name", "email", "role", "active", "skills")


class AgentSchema(Schema):
    """An agent.

    `presence` is the availability, or `offline` while the agent is deactivated or their heartbeats have stopped.
    The availability ends at `availability_until`, if that is not null; then it is `online`.
    `log_in` is the state of the agent's log-in or invitation.
    """

    id = fields.Integer()
    name = fields.String()
    email = fields.String()
    role = fields.String()
    availability = fields.String()
    presence = fields.String()
    auto_offline = fields.Boolean()
    availability_until = Instant(allow_none=True)
    active = fields.Boolean()
    agent_capacity_policy_id = fields.Integer(allow_none=True)
    skills = fields.List(fields.String())
    open_conversations = fields.Integer()
    log_in = fields.String(validate=validate.OneOf(tuple(LogIn)))


@bp.route("/agents")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(AgentSchema))
def index(page: Page) -> Listed[AgentView]:
    """List the agents, deactivated ones included."""
    return service.show_all(unit_of_work(), caller().account_id, page, now=clock.now())


@bp.route("/agents", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.arguments(AgentForm(exclude=("active",)))
@bp.response(201, AgentSchema)
@AGENT
def create(edit: AgentEdit) -> AgentView:
    """Create an agent.

    If an agent of the account has this e-mail address already, `errors.email` contains the agent's name, id and state.
    A deactivated agent is reactivated by a change to `active: true`.
    """
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/agents/<id:agent_id>")
@allowed(EVERYBODY)
@bp.response(200, AgentSchema)
@AGENT
def show(agent_id: int) -> AgentView:
    """Read an agent; agents may read themselves only."""
    only_own(agent_id)
    return or_refuse(service.show(unit_of_work(), caller().account_id, agent_id, now=clock.now()))


@bp.route("/agents/<id:agent_id>", methods=["PATCH", "PUT"])
@allowed(ADMINISTRATORS)
@bp.arguments(AgentForm(partial=True, exclude=("availability", "auto_offline")))
@bp.response(200, AgentSchema)
@AGENT
def change(edit: AgentEdit, agent_id: int) -> AgentView:
    """Change an agent; `active` deactivates and reactivates."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, agent_id, edit, actor_id=who.user_id, now=clock.now(), seen=AGENT.seen()
        )
    )


@bp.route("/agents/<id:agent_id>", methods=["DELETE"])
@allowed(ADMINISTRATORS)
@bp.response(204)
@AGENT
def deactivate(agent_id: int) -> None:
    """Deactivate an agent and release their open conversations."""
    who = caller()
    or_refuse(
        service.deactivate(
            unit_of_work(), who.account_id, agent_id, actor_id=who.user_id, now=clock.now(), seen=AGENT.seen()
        )
    )


@bp.route("/agents/<id:agent_id>/availability", methods=["PUT"])
@allowed(EVERYBODY)
@bp.arguments(AvailabilityForm)
@bp.response(200, AgentSchema)
def set_availability(wanted: Availability, agent_id: int) -> AgentView:
    """Set an agent's availability; agents may set their own only. This counts as a heartbeat.

    With `source: idle` only `away` and `online` are accepted. Such a report does not change an availability of
    `offline`, `busy`, `away_manual` or `away_and_reassigning`, which a person chose. With `availability_until` a choice
    ends by itself: then the agent is `online` again.
    """
    only_own(agent_id)
    heard = finished(
        presence.set_availability(
            unit_of_work(),
            caller().account_id,
            agent_id,
            availability=wanted.availability,
            auto_offline=wanted.auto_offline,
            by_hand=wanted.by_hand,
            until=wanted.availability_until,
            now=clock.now(),
        )
    )
    if heard is AvailabilityResult.NO_SUCH_AGENT:
        refuse(404)
    if heard is AvailabilityResult.ENDS_IN_THE_PAST:
        refuse(422, errors={"availability_until": ["This is in the past."]})
    return or_refuse(service.show(unit_of_work(), caller().account_id, agent_id, now=clock.now()))


@bp.route("/agents/<id:agent_id>/heartbeat", methods=["POST"])
@allowed(EVERYBODY)
@bp.response(204)
def beat(agent_id: int) -> None:
    """Record an agent's heartbeat; agents may record their own only."""
    only_own(agent_id)
    if not presence.heartbeat(unit_of_work(), caller().account_id, [agent_id], now=clock.now()):
        refuse(404)


@bp.route("/heartbeats", methods=["POST"])
@allowed(EVERYBODY)
@bp.arguments(HeartbeatsForm)
@bp.response(204)
def beat_many(heartbeats: HeartbeatList) -> None:
    """Record the heartbeats of several agents; agents may record their own only."""
    for agent_id in heartbeats.agent_ids:
        only_own(agent_id)
    if not presence.heartbeat(unit_of_work(), caller().account_id, heartbeats.agent_ids, now=clock.now()):
        refuse(422, errors={"agent_ids": ["Not all of them are active agents of the account."]})
