"""The list of agents with its filters, and name suggestions for fields in which an agent is typed."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Presence
from dashboard.http import unit_of_work
from dashboard.services.agents import agent_list
from dashboard.services.agents.agent_list import AgentListLine
from dashboard.store.agents.list_page import AskedAgents
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import choices
from dashboard.web.core import form_input, htmx, urls
from dashboard.web.core.auth import supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

PER_PAGE, SUGGESTED = 50, 20
DEACTIVATED = "deactivated"
PRESENCES = {word.value: word for word in Presence}
pages = pages_of("agent_list")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentListQuery:
    """The query parameters of the list."""

    text: str = ""
    inbox: int | None = None
    team: int | None = None
    presence: str = ""
    page: int = 1

    def address(self, **changes: object) -> str:
        """Return the list's URL with some parameters changed."""
        return urls.list_url("web.agent_list.index", self, **changes)

    @property
    def narrowed(self) -> bool:
        """Tell whether a filter is set."""
        return self != AgentListQuery(page=self.page)


@pages.get("/agents")
@supervisors_only
def index() -> ResponseReturnValue:
    """List the agents."""
    shown, now = _shown(), clock.now()
    found = _found(shown, now)
    context = {
        "shown": shown,
        "found": found,
        "last_page": found.meta.last_page,
        "inboxes": choices.inboxes(unit_of_work().session, viewer().account_id),
        "teams": choices.teams(unit_of_work().session, viewer().account_id),
        "presence_words": tuple(Presence),
        "now": now,
    }
    if not htmx.is_htmx():
        return render_template("agents/index.html", **context)
    response = htmx.fragment("agents/_list.html", **context)
    response.headers["HX-Replace-Url"] = shown.address()
    return response


@pages.get("/agents/names")
@supervisors_only
def names() -> ResponseReturnValue:
    """Suggest agents for the text in a field."""
    args = request.args
    text, inbox_id = form_input.words_in(args, args.get("field", "")), form_input.id_in(args.get("inbox"))
    found = choices.called(unit_of_work().session, viewer().account_id, text, most=SUGGESTED, inbox_id=inbox_id)
    return htmx.fragment("agents/_names.html", names=found)


def _found(shown: AgentListQuery, now: datetime) -> Listed[AgentListLine]:
    asked = AskedAgents(text=shown.text, inbox_id=shown.inbox, team_id=shown.team, active=shown.presence != DEACTIVATED)
    page = Page(page=shown.page, per_page=PER_PAGE)
    return agent_list.show_all(
        unit_of_work(), viewer().account_id, asked, presence=PRESENCES.get(shown.presence), page=page, now=now
    )


def _shown() -> AgentListQuery:
    """Return the query parameters; invalid values are ignored."""
    args = request.args
    presence = args.get("presence", "")
    return AgentListQuery(
        text=form_input.words_in(args, "text"),
        inbox=form_input.id_in(args.get("inbox")),
        team=form_input.id_in(args.get("team")),
        presence=presence if presence in (*PRESENCES, DEACTIVATED) else "",
        page=form_input.page_in(args),
    )
