"""An agent's page: presence, load, capacity and assignments. Supervisors change it; agents set their own presence."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts.account_forms import AgentEdit, AgentForm
from dashboard.services.agents import agent_details, agents, fairness, presence, skills
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
from dashboard.web.core import form_input, formatting, htmx, timezones
from dashboard.web.core.auth import actor_kwargs, administrators_only, supervising, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of

# `away` is set by idling only; nobody chooses it.
CHOICES = tuple(word for word in Presence if word is not Presence.AWAY)
ACTIVITY = {"on": True, "off": False}
NO_END = "Choose an instant in the future."
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
    until = _until()
    heard = AvailabilityResult.ENDS_IN_THE_PAST if isinstance(until, Invalid) else _set(agent, Presence(chosen), until)
    if heard is AvailabilityResult.NO_SUCH_AGENT:
        abort(HTTPStatus.NOT_FOUND)
    if heard is AvailabilityResult.ENDS_IN_THE_PAST:
        return _without_end(agent)
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


@pages.post("/agents/<int:agent_id>/skills")
@supervisors_only
def set_skills(agent_id: int) -> ResponseReturnValue:
    """Replace an agent's skills: those that are ticked, and a new one."""
    facts = _found(agent_id).facts
    wanted = [*request.form.getlist("skill"), *filter(None, [request.form.get("new_skill", "").strip()])]
    edit = form_input.load(AgentForm(partial=True), {"skills": wanted})
    if isinstance(edit, Invalid):
        return _refused(agent_id, edit)
    done = finished(skills.change(unit_of_work(), viewer().account_id, agent_id, edit, **editing()))
    if isinstance(done, Stale):
        return _refused(agent_id, done)
    return _saved(agent_id, saying("The skills of {} were saved.", facts.name))


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


def _set(agent: AgentCard, chosen: Presence, until: datetime | None) -> AvailabilityResult:
    return finished(
        presence.set_availability(
            unit_of_work(),
            viewer().account_id,
            agent.id,
            availability=chosen,
            auto_offline=None,
            by_hand=True,
            now=clock.now(),
            is_there=agent.id == viewer().user_id,
            until=until,
        )
    )


def _without_end(agent: AgentCard) -> ResponseReturnValue:
    """Refuse a choice with an end in the past: on the agent's page, in the board's menu, or on the menu's own page."""
    if "page" in request.form:
        return _refused(agent.id, invalid("availability_until", NO_END))
    if htmx.is_htmx():
        return htmx.toast("agents/_not_set.html", said=NO_END), HTTPStatus.UNPROCESSABLE_ENTITY
    page = render_template("agents/availability.html", agent=agent, choices=CHOICES, problems=(NO_END,))
    return page, HTTPStatus.UNPROCESSABLE_ENTITY


def _until() -> datetime | Invalid | None:
    """Return the end of the choice, in the viewer's time zone."""
    typed = form_input.text("availability_until")
    at = timezones.instant(typed) if typed else None
    return invalid("availability_until", NO_END) if typed and at is None else at


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
        "typed": request.form,
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
