"""An agent's page: presence, load, capacity and assignments. Supervisors change it; agents set their own presence."""

from http import HTTPStatus
from typing import Any

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import agent_details, agents, fairness, presence
from dashboard.services.agents.agent_details import AgentDetails
from dashboard.services.agents.fairness import InboxFairness
from dashboard.services.agents.presence import AvailabilityResult
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.services.policies import capacity_limits
from dashboard.services.policies.policy_forms import AgentChoice
from dashboard.store.agents import agent_card as store
from dashboard.store.agents.agent_card import AgentCard
from dashboard.store.inboxes import choices
from dashboard.web.audit.edit_forms import About, editing, refused
from dashboard.web.core import form_input, formatting, htmx
from dashboard.web.core.auth import actor_kwargs, administrators_only, supervising, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of

# `away` is set by idling only; nobody chooses it.
CHOICES = tuple(word for word in Presence if word is not Presence.AWAY)
ACTIVITY = {"on": True, "off": False}
PART = "agents/_agent.html"
pages = pages_of("agents")


@pages.get("/agents/<int:agent_id>")
def show(agent_id: int) -> ResponseReturnValue:
    """Show an agent; agents see themselves only."""
    return render_template("agents/show.html", **_context(agent_id))


@pages.get("/agents/<int:agent_id>/availability")
def availability(agent_id: int) -> ResponseReturnValue:
    """Show the choices of an agent's availability."""
    template = "agents/_availability.html" if htmx.is_htmx() else "agents/availability.html"
    return render_template(template, agent=_agent(agent_id), choices=CHOICES)


@pages.post("/agents/<int:agent_id>/availability")
def set_availability(agent_id: int) -> ResponseReturnValue:
    """Set an agent's presence, from the board's menu or on their page."""
    agent = _agent(agent_id)
    chosen = request.form.get("availability", "")
    if chosen not in CHOICES:
        abort(HTTPStatus.BAD_REQUEST)
    heard = finished(
        presence.set_availability(
            unit_of_work(),
            viewer().account_id,
            agent.id,
            availability=Presence(chosen),
            auto_offline=None,
            by_hand=True,
            now=clock.now(),
            is_there=agent.id == viewer().user_id,
        )
    )
    if heard is AvailabilityResult.NO_SUCH_AGENT:
        abort(HTTPStatus.NOT_FOUND)
    if "page" in request.form:
        return _saved(agent_id, saying(f"{{}} is set to {formatting.word(Presence(chosen))}.", agent.name))
    back = url_for("web.board.show", _anchor=f"agent-{agent.id}")
    return htmx.changed("agents/_set.html", elsewhere=back, agent=agent, chosen=Presence(chosen))


@pages.post("/agents/<int:agent_id>/capacity")
@supervisors_only
def put_under(agent_id: int) -> ResponseReturnValue:
    """Put an agent under a capacity policy, or remove them from theirs."""
    facts, policy_id = _found(agent_id).facts, form_input.whole("agent_capacity_policy_id")
    said, choice = saying("{} is under no capacity policy.", facts.name), AgentChoice(user_id=agent_id)
    if isinstance(policy_id, int):
        put: Any = finished(
            capacity_limits.assign_policy(unit_of_work(), viewer().account_id, policy_id, choice, **editing())
        )
        put = put or invalid("capacity", "There is no such capacity policy in this account.")
        said = saying("The capacity policy of {} was changed.", facts.name)
    else:
        put = finished(
            capacity_limits.unassign_policy(
                unit_of_work(), viewer().account_id, facts.policy_id or 0, choice, **editing()
            )
        )
    return _refused(agent_id, put) if isinstance(put, Invalid) else _saved(agent_id, said)


@pages.post("/agents/<int:agent_id>/activity")
@administrators_only
def set_active(agent_id: int) -> ResponseReturnValue:
    """Deactivate an agent, which releases their open conversations, or reactivate them."""
    active = ACTIVITY.get(request.form.get("active", ""))
    if active is None:
        abort(HTTPStatus.BAD_REQUEST)
    done = finished(
        agents.change(unit_of_work(), viewer().account_id, agent_id, AgentEdit(active=active), **actor_kwargs())
    )
    if done is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(done, Invalid | Conflict):
        return _refused(agent_id, invalid("active", done.sentence) if isinstance(done, Conflict) else done)
    return _saved(agent_id, saying("{} was reactivated." if done.active else "{} was deactivated.", done.name))


def _saved(agent_id: int, said: str) -> ResponseReturnValue:
    return htmx.saved(PART, said=said, elsewhere=url_for("web.agents.show", agent_id=agent_id), **_context(agent_id))


def _refused(agent_id: int, refusal: Invalid) -> ResponseReturnValue:
    answer = refused(refusal, About("agent_capacity", agent_id))
    wanted = refusal.wanted if isinstance(refusal, Stale) else {}
    template = PART if htmx.is_htmx() else "agents/show.html"
    page = render_template(template, **_context(agent_id, errors=answer.errors, wanted=wanted))
    return make_response(page, answer.status)


def _context(agent_id: int, **more: Any) -> dict[str, Any]:
    """Return the page's data; the choices only for supervisors."""
    found = _found(agent_id)
    return {
        "found": found,
        "fairness": _fairness(found),
        "choices": CHOICES,
        "policies": choices.capacity_policies(unit_of_work().session, viewer().account_id) if supervising() else (),
        "now": clock.now(),
        "errors": {},
        "wanted": {},
        **more,
    }


def _fairness(found: AgentDetails) -> InboxFairness | None:
    """Return the shares of an inbox that the agent answers: the requested one, else the first."""
    answered = [seat.place.inbox_id for seat in found.seats if seat.place.member]
    if not answered:
        return None
    asked = form_input.number_in(request.args, "inbox")
    inbox_id = asked if asked in answered else answered[0]
    page = form_input.number_in(request.args, "colleagues")
    return fairness.of_inbox(
        unit_of_work(),
        viewer().account_id,
        inbox_id,
        agent_id=found.facts.id,
        page=None if page is None else max(1, page),
        now=clock.now(),
    )


def _found(agent_id: int) -> AgentDetails:
    _own(agent_id)
    found = agent_details.show(
        unit_of_work(), viewer().account_id, agent_id, page=form_input.page_in(request.args), now=clock.now()
    )
    return found or abort(HTTPStatus.NOT_FOUND)


def _agent(agent_id: int) -> AgentCard:
    """Return the active agent."""
    _own(agent_id)
    agent = store.card(unit_of_work().session, viewer().account_id, agent_id)
    return agent or abort(HTTPStatus.NOT_FOUND)


def _own(agent_id: int) -> None:
    """Refuse agents access to other agents."""
    if not supervising() and viewer().user_id != agent_id:
        abort(HTTPStatus.FORBIDDEN)
