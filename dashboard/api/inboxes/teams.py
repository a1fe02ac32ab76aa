"""Teams."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.inboxes import teams as service
from dashboard.services.inboxes.inbox_forms import TeamEdit, TeamForm
from dashboard.services.inboxes.teams import TeamRow
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("teams", "Groups of agents.")
TEAM = Tagged(edit=TeamEdit)


class TeamSchema(Schema):
    """A team; a maximum of 0 means no maximum."""

    id = fields.Integer()
    name = fields.String()
    assignment_type = fields.String()
    max_auto_assigned_conversations = fields.Integer()


@bp.route("/teams")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(TeamSchema))
def index(page: Page) -> Listed[TeamRow]:
    """List the teams."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/teams", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(TeamForm)
@bp.response(201, TeamSchema)
@TEAM
def create(edit: TeamEdit) -> TeamRow:
    """Create a team."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/teams/<id:team_id>")
@allowed(SUPERVISORS)
@bp.response(200, TeamSchema)
@TEAM
def show(team_id: int) -> TeamRow:
    """Read a team."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, team_id))


@bp.route("/teams/<id:team_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(TeamForm(partial=True))
@bp.response(200, TeamSchema)
@TEAM
def change(edit: TeamEdit, team_id: int) -> TeamRow:
    """Change a team."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, team_id, edit, actor_id=who.user_id, now=clock.now(), seen=TEAM.seen()
        )
    )


@bp.route("/teams/<id:team_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@TEAM
def remove(team_id: int) -> None:
    """Remove a team; its conversations then have no team."""
    who = caller()
    or_refuse(
        service.remove(unit_of_work(), who.account_id, team_id, actor_id=who.user_id, now=clock.now(), seen=TEAM.seen())
    )
