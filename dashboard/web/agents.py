"""An agent's presence, set by a supervisor or by themselves."""

from http import HTTPStatus

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Presence, Role
from dashboard.http import desk
from dashboard.services import presence
from dashboard.services.presence import Heard
from dashboard.store.pages import agents as store
from dashboard.store.pages import choices
from dashboard.store.pages.agents import AgentCard
from dashboard.web import htmx
from dashboard.web.blueprints import pages_of
from dashboard.web.visitors import supervisors_only, viewer

# `away` is what idling makes of somebody; nobody chooses it.
CHOICES = tuple(word for word in Presence if word is not Presence.AWAY)
SUGGESTED = 20
pages = pages_of("agents")


@pages.get("/agents/names")
@supervisors_only
def names() -> ResponseReturnValue:
    """Suggest agents for what stands in a field."""
    text, inbox_id = request.args.get(request.args.get("field", ""), ""), request.args.get("inbox", type=int)
    found = choices.called(desk().session, viewer().account_id, text.strip(), most=SUGGESTED, inbox_id=inbox_id)
    return htmx.fragment("agents/_names.html", names=found)


@pages.get("/agents/<int:agent_id>/availability")
def availability(agent_id: int) -> ResponseReturnValue:
    """Show what an agent may be set to."""
    template = "agents/_availability.html" if htmx.asked() else "agents/availability.html"
    return render_template(template, agent=_agent(agent_id), choices=CHOICES)


@pages.post("/agents/<int:agent_id>/availability")
def set_availability(agent_id: int) -> ResponseReturnValue:
    """Set an agent's presence."""
    agent = _agent(agent_id)
    chosen = request.form.get("availability", "")
    if chosen not in CHOICES:
        abort(HTTPStatus.BAD_REQUEST)
    heard = presence.set_availability(
        desk(),
        viewer().account_id,
        agent.id,
        availability=Presence(chosen),
        auto_offline=None,
        by_hand=True,
        now=clock.now(),
        is_there=agent.id == viewer().user_id,
    )
    if heard is Heard.NO_SUCH_AGENT:
        abort(HTTPStatus.NOT_FOUND)
    back = url_for("web.board.show", _anchor=f"agent-{agent.id}")
    return htmx.changed("agents/_set.html", elsewhere=back, agent=agent, chosen=Presence(chosen))


def _agent(agent_id: int) -> AgentCard:
    """Return the agent, if the viewer may set them: an agent may set themselves only."""
    if viewer().role is Role.AGENT and viewer().user_id != agent_id:
        abort(HTTPStatus.FORBIDDEN)
    agent = store.card(desk().session, viewer().account_id, agent_id)
    return agent or abort(HTTPStatus.NOT_FOUND)
