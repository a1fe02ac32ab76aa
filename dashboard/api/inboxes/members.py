"""Members of inboxes and teams: PUT replaces, POST adds, DELETE removes; each returns the members after it."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.inboxes import members as service
from dashboard.services.inboxes.inbox_forms import MemberEdit, MemberForm, MemberIds, MembersForm
from dashboard.services.inboxes.members import MemberChange, MemberList, Members, Owner, OwnerKind
from dashboard.store.inboxes.members import MemberSwitch

bp = ApiBlueprint("members", "Members of inboxes and teams.")

PATHS = {OwnerKind.INBOX: "/inboxes/<id:place_id>/members", OwnerKind.TEAM: "/teams/<id:place_id>/members"}
METHODS = {MemberChange.REPLACE: "PUT", MemberChange.ADD: "POST", MemberChange.REMOVE: "DELETE"}
SUMMARIES = {
    MemberChange.REPLACE: "Replace the members of the {}.",
    MemberChange.ADD: "Add members to the {}.",
    MemberChange.REMOVE: "Remove members from the {}.",
}


MEMBER_PATHS = {group: f"{path}/<id:user_id>" for group, path in PATHS.items()}


class MembersSchema(Schema):
    """The active members, by id."""

    user_ids = fields.List(fields.Integer())


class MemberSchema(Schema):
    """A member; runs pass over a member without `auto_assign`."""

    user_id = fields.Integer()
    auto_assign = fields.Boolean()


class MemberListSchema(MembersSchema):
    """The active members, by id and with their switches."""

    members = fields.List(fields.Nested(MemberSchema))


def _reading(group: OwnerKind) -> Callable[..., Any]:
    @bp.response(200, MemberListSchema)
    def show(place_id: int) -> MemberList:
        return or_refuse(service.show(unit_of_work(), caller().account_id, Owner(group, place_id)))

    show.__doc__ = f"List the members of the {group}."
    guarded: Callable[..., Any] = allowed(SUPERVISORS)(show)
    return guarded


def _changing(group: OwnerKind, way: MemberChange) -> Callable[..., Any]:
    @bp.arguments(MembersForm)
    @bp.response(200, MembersSchema)
    def change(wanted: MemberIds, place_id: int) -> Members:
        who, place = caller(), Owner(group, place_id)
        return or_refuse(
            service.change(
                unit_of_work(), who.account_id, place, wanted, way=way, actor_id=who.user_id, now=clock.now()
            )
        )

    change.__doc__ = SUMMARIES[way].format(group)
    guarded: Callable[..., Any] = allowed(SUPERVISORS)(change)
    return guarded


def _switching(group: OwnerKind) -> Callable[..., Any]:
    @bp.arguments(MemberForm)
    @bp.response(200, MemberSchema)
    def switch(edit: MemberEdit, place_id: int, user_id: int) -> MemberSwitch:
        who, place = caller(), Owner(group, place_id)
        return or_refuse(
            service.switch(
                unit_of_work(), who.account_id, place, edit, user_id=user_id, actor_id=who.user_id, now=clock.now()
            )
        )

    switch.__doc__ = f"Let runs assign conversations to a member of the {group}, or pass over the member."
    guarded: Callable[..., Any] = allowed(SUPERVISORS)(switch)
    return guarded


for _group, _path in PATHS.items():
    bp.add_url_rule(MEMBER_PATHS[_group], endpoint=f"{_group}_switch", view_func=_switching(_group), methods=["PATCH"])
    bp.add_url_rule(_path, endpoint=f"{_group}_show", view_func=_reading(_group))
    for _way, _method in METHODS.items():
        bp.add_url_rule(_path, endpoint=f"{_group}_{_way}", view_func=_changing(_group, _way), methods=[_method])
