"""Invitations: links with which agents set up their log-in."""

from dataclasses import dataclass

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import ADMINISTRATORS, allowed, caller
from dashboard.api.core.errors import refuse
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.http import invitation_link, unit_of_work
from dashboard.services.accounts import invitations as service

bp = ApiBlueprint("invitations", "Invitations: links that let agents log in.")


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationLink:
    """The address at which an invited person sets a password or accepts with an existing log-in."""

    url: str


class LinkSchema(Schema):
    """A link. No later answer contains it; it works once, for one day."""

    url = fields.String()


@bp.route("/agents/<id:agent_id>/invitations", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.response(201, LinkSchema)
def create(agent_id: int) -> InvitationLink:
    """Invite an agent and end an earlier invitation; only this answer contains the link."""
    who = caller()
    token = or_refuse(service.invite(unit_of_work(), who.account_id, agent_id, actor_id=who.user_id, now=clock.now()))
    return InvitationLink(url=invitation_link(token))


@bp.route("/agents/<id:agent_id>/invitations", methods=["DELETE"])
@allowed(ADMINISTRATORS)
@bp.response(204)
def withdraw(agent_id: int) -> None:
    """Withdraw an agent's invitation; its link stops working."""
    who = caller()
    if not service.withdraw(unit_of_work(), who.account_id, agent_id, actor_id=who.user_id, now=clock.now()):
        refuse(404)
