"""Teams: their members, their assignment type, and their waiting conversations."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import AssignmentType
from dashboard.http import finished, unit_of_work
from dashboard.services.agents import agent_lookup
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.inboxes import members, team_details, teams
from dashboard.services.inboxes.inbox_forms import MemberIds, TeamEdit, TeamForm
from dashboard.services.inboxes.members import MemberChange, Owner, OwnerKind
from dashboard.services.inboxes.team_details import TeamDetails
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks import masters
from dashboard.store.inboxes import choices
from dashboard.store.inboxes.teams_page import TeamLine
from dashboard.web.audit.edit_forms import About, editing, refused, there
from dashboard.web.core import form_input, htmx, resubmission
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of
from dashboard.web.core.cards import Card
from dashboard.web.inboxes.member_switch import switched

PER_PAGE = 50
PART = "teams/_team.html"
TYPES = (
    Card(
        value=AssignmentType.ROUND_ROBIN,
        title="In turn",
        sentence="Runs give its conversations to its members, in the order that the inbox's policy sets.",
    ),
    Card(
        value=AssignmentType.MANUAL,
        title="By hand",
        sentence="Runs leave its conversations alone; they wait until somebody assigns them.",
    ),
)
pages = pages_of("teams")


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamFields:
    """The fields of a team's form."""

    team_id: int = 0
    name: str = ""
    assignment_type: str = AssignmentType.ROUND_ROBIN
    maximum: str = ""

    def edit(self) -> TeamEdit | Invalid:
        """Return the team's new values, or the errors."""
        said = {
            "name": self.name,
            "assignment_type": self.assignment_type,
            "max_auto_assigned_conversations": form_input.number(self.maximum) or 0,
        }
        loaded: TeamEdit | Invalid = form_input.load(TeamForm(), said)
        return loaded


@pages.get("/teams")
@supervisors_only
def index() -> ResponseReturnValue:
    """List the teams."""
    found = team_details.show_all(
        unit_of_work(), viewer().account_id, Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    )
    return render_template("teams/index.html", found=found, types=TYPES)


@pages.get("/teams/new")
@supervisors_only
def new() -> ResponseReturnValue:
    """Show an empty form."""
    return render_template("teams/new.html", fields=TeamFields(), types=TYPES, errors={})


@pages.post("/teams")
@supervisors_only
def create() -> ResponseReturnValue:
    """Create a team."""
    fields = _typed()
    edit = fields.edit()
    made = (
        edit
        if isinstance(edit, Invalid)
        else finished(teams.create(unit_of_work(), viewer().account_id, edit, **actor_kwargs()))
    )
    if isinstance(made, Invalid):
        if (first := resubmission.first_made(teams.TEAM, made, edit)) is not None:
            return _to(first)
        page = render_template("teams/new.html", fields=fields, types=TYPES, errors=made.errors)
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(saying("{} was created. Add its members.", made.name))
    return _to(made.id)


@pages.get("/teams/<int:team_id>")
@supervisors_only
def show(team_id: int) -> ResponseReturnValue:
    """Show a team."""
    return render_template("teams/show.html", **_context(team_id))


@pages.post("/teams/<int:team_id>")
@supervisors_only
def update(team_id: int) -> ResponseReturnValue:
    """Change a team's name, type or maximum."""
    fields = _typed(_found(team_id).team.id)
    wanted: Any = fields.edit()
    if not isinstance(wanted, Invalid):
        wanted = finished(teams.change(unit_of_work(), viewer().account_id, team_id, wanted, **editing()))
    if isinstance(wanted, Stale):
        fields = _fields(_found(team_id).team, wanted.wanted)
    return _answer(team_id, wanted, saying("{} was saved.", fields.name), fields=fields)


@pages.post("/teams/<int:team_id>/members")
@supervisors_only
def add(team_id: int) -> ResponseReturnValue:
    """Add an agent to the team."""
    _found(team_id)
    typed = request.form.get("user_id", "")
    agent_id = agent_lookup.agent(unit_of_work(), viewer().account_id, typed, field="user_ids")
    if isinstance(agent_id, Invalid):
        return _answer(team_id, agent_id, "", typed=typed)
    name = agent_lookup.name_of(unit_of_work(), viewer().account_id, agent_id)
    return _answer(
        team_id,
        _changed(team_id, agent_id, MemberChange.ADD),
        saying("{} was added to this team.", name),
        typed=typed,
    )


@pages.post("/teams/<int:team_id>/members/<int:agent_id>")
@supervisors_only
def switch_member(team_id: int, agent_id: int) -> ResponseReturnValue:
    """Let runs assign conversations to a member, or pass over the member."""
    done, said = switched(Owner(OwnerKind.TEAM, team_id), agent_id)
    return _answer(team_id, done, said)


@pages.post("/teams/<int:team_id>/members/<int:agent_id>/removal")
@supervisors_only
def remove(team_id: int, agent_id: int) -> ResponseReturnValue:
    """Remove an agent from the team."""
    name = agent_lookup.name_of(unit_of_work(), viewer().account_id, agent_id)
    return _answer(
        team_id, _changed(team_id, agent_id, MemberChange.REMOVE), saying("{} was removed from this team.", name)
    )


@pages.post("/teams/<int:team_id>/deletion")
@supervisors_only
def destroy(team_id: int) -> ResponseReturnValue:
    """Delete a team; its conversations then have no team."""
    removed = there(finished(teams.remove(unit_of_work(), viewer().account_id, team_id, **actor_kwargs())))
    flash(saying("{} was deleted.", removed.name))
    return redirect(url_for("web.teams.index"), HTTPStatus.SEE_OTHER)


def _changed(team_id: int, agent_id: int, way: MemberChange) -> object:
    place, wanted = Owner(OwnerKind.TEAM, team_id), MemberIds(user_ids=(agent_id,))
    return finished(members.change(unit_of_work(), viewer().account_id, place, wanted, way=way, **actor_kwargs()))


def _answer(team_id: int, done: object, said: str, **typed: Any) -> ResponseReturnValue:
    """Show the result of a change, or the form with its errors and the typed text."""
    if done is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(done, Invalid | Conflict):
        answer = refused(done, About("team", team_id))
        template = PART if htmx.is_htmx() else "teams/show.html"
        page = render_template(template, **_context(team_id, errors=answer.errors, **typed))
        return make_response(page, answer.status)
    return htmx.saved(PART, said=said, elsewhere=url_for("web.teams.show", team_id=team_id), **_context(team_id))


def _context(team_id: int, **more: Any) -> dict[str, Any]:
    found = _found(team_id)
    return {
        "found": found,
        "helpdesk": masters.of_team(unit_of_work().session, viewer().account_id, team_id),
        "fields": _fields(found.team),
        "types": TYPES,
        "names": choices.called(unit_of_work().session, viewer().account_id),
        "now": clock.now(),
        "errors": {},
        "typed": "",
        **more,
    }


def _found(team_id: int) -> TeamDetails:
    found = team_details.show(
        unit_of_work(), viewer().account_id, team_id, page=form_input.page_in(request.args), now=clock.now()
    )
    return found or abort(HTTPStatus.NOT_FOUND)


def _fields(team: TeamLine, wanted: Mapping[str, Any] = MappingProxyType({})) -> TeamFields:
    """Return the saved fields of a team, replaced by the values that the viewer wanted."""
    maximum = wanted.get("max_auto_assigned_conversations", team.maximum)
    return TeamFields(
        team_id=team.id,
        name=wanted.get("name", team.name),
        assignment_type=wanted.get("assignment_type", team.assignment_type),
        maximum=str(maximum) if maximum else "",
    )


def _to(team_id: int) -> ResponseReturnValue:
    return redirect(url_for("web.teams.show", team_id=team_id), HTTPStatus.SEE_OTHER)


def _typed(team_id: int = 0) -> TeamFields:
    said = {name: request.form.get(name, "").strip() for name in ("name", "assignment_type", "maximum")}
    return TeamFields(team_id=team_id, **said)
