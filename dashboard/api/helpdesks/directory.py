"""Inboxes and people of a connected helpdesk: the modes, and the matching of people to agents (C19, C2)."""

from collections.abc import Sequence

from marshmallow import Schema, fields

from dashboard import clock, http
from dashboard.api.core.auth import ADMINISTRATORS, SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import Word
from dashboard.services.helpdesks.connecting import inbox_modes, matching
from dashboard.services.helpdesks.connecting.connection_forms import (
    ExternalKey,
    InboxModeEdit,
    InboxModeForm,
    MatchEdit,
    MatchForm,
)
from dashboard.services.helpdesks.connecting.inbox_modes import InboxView
from dashboard.services.helpdesks.connecting.matching import PersonView
from dashboard.store.models.connections import ConnectionMode

bp = ApiBlueprint("connected", "Inboxes and people of a connected helpdesk.")


class ConnectedInboxSchema(Schema):
    """An inbox of the helpdesk; `inbox_id` is its inbox here, from its first mode other than off."""

    external_id = fields.String()
    name = fields.String()
    inbox_id = fields.Integer(allow_none=True)
    mode = Word(ConnectionMode)
    own_assignment = fields.Boolean(allow_none=True)
    waiting = fields.Integer(allow_none=True)
    group = fields.String(allow_none=True)


class ConnectedInboxesSchema(Schema):
    """All inboxes of the helpdesk."""

    data = fields.List(fields.Nested(ConnectedInboxSchema))


class PersonSchema(Schema):
    """A person of the helpdesk, the agent here, and the agent proposed by address."""

    external_id = fields.String()
    name = fields.String()
    email = fields.String(allow_none=True)
    proposed_agent_id = fields.Integer(allow_none=True)
    agent_id = fields.Integer(allow_none=True)
    ignored = fields.Boolean()


class PeopleSchema(Schema):
    """All people of the helpdesk."""

    data = fields.List(fields.Nested(PersonSchema))


@bp.route("/connections/<id:connection_id>/inboxes")
@allowed(SUPERVISORS)
@bp.response(200, ConnectedInboxesSchema)
def inboxes(connection_id: int) -> dict[str, Sequence[InboxView]]:
    """List the inboxes of a helpdesk."""
    return {"data": or_refuse(inbox_modes.show(unit_of_work(), caller().account_id, connection_id))}


@bp.route("/connections/<id:connection_id>/inboxes/<external:external_id>", methods=["PATCH", "PUT"])
@allowed(ADMINISTRATORS)
@bp.arguments(InboxModeForm(partial=True))
@bp.response(200, ConnectedInboxSchema)
def change_inbox(edit: InboxModeEdit, connection_id: int, external_id: str) -> InboxView:
    """Change an inbox's mode or group, or switch the helpdesk's own assignment off there."""
    who, key = caller(), ExternalKey(connection_id=connection_id, external_id=external_id)
    base, actor_id = http.own_address(), who.user_id
    return or_refuse(
        inbox_modes.change(unit_of_work(), who.account_id, key, edit, base=base, actor_id=actor_id, clock=clock.now)
    )


@bp.route("/connections/<id:connection_id>/agents")
@allowed(SUPERVISORS)
@bp.response(200, PeopleSchema)
def people(connection_id: int) -> dict[str, Sequence[PersonView]]:
    """List the people of a helpdesk, with the agents proposed by their addresses."""
    return {"data": or_refuse(matching.show(unit_of_work(), caller().account_id, connection_id))}


@bp.route("/connections/<id:connection_id>/agents/<external:external_id>", methods=["PATCH", "PUT"])
@allowed(ADMINISTRATORS)
@bp.arguments(MatchForm(partial=True))
@bp.response(200, PersonSchema)
def match(edit: MatchEdit, connection_id: int, external_id: str) -> PersonView:
    """Match a person to an agent, create an agent for them, or ignore them."""
    who, key = caller(), ExternalKey(connection_id=connection_id, external_id=external_id)
    return or_refuse(matching.change(unit_of_work(), who.account_id, key, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/connections/<id:connection_id>/agents/confirm", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.response(200, PeopleSchema)
def confirm(connection_id: int) -> dict[str, Sequence[PersonView]]:
    """Confirm all proposals at once."""
    who, work, now = caller(), unit_of_work(), clock.now()
    return {"data": or_refuse(matching.confirm_all(work, who.account_id, connection_id, actor_id=who.user_id, now=now))}
