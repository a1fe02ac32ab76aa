"""Assignment policies, and their links to inboxes."""

from collections.abc import Sequence
from dataclasses import dataclass

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.api.inboxes.inboxes import InboxSchema, OverridesSchema
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import Instant
from dashboard.services.policies import assignment_policies as service
from dashboard.services.policies import policy_fields
from dashboard.services.policies.assignment_policies import InboxPolicyRow, PolicyRow
from dashboard.services.policies.policy_forms import (
    AssignmentPolicyEdit,
    AssignmentPolicyForm,
    PolicyChoice,
    PolicyChoiceForm,
)
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes.inboxes import InboxRow

bp = ApiBlueprint("assignment_policies", "Rules for the assignment of an inbox's conversations.")
POLICY = Tagged(edit=AssignmentPolicyEdit)
LINK = Tagged("overrides", edit=AssignmentPolicyEdit)


class AssignmentPolicySchema(Schema):
    """An assignment policy; a change that alters decisions raises its version."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    version = fields.Integer()
    assigned_inbox_count = fields.Integer()
    created_at = Instant()
    updated_at = Instant()

    class Meta:
        include = policy_fields.outputs()


class EffectiveRulesSchema(Schema):
    """The values that decide in an inbox: its own, else its policy's."""

    class Meta:
        include = policy_fields.outputs()


class InboxPolicySchema(AssignmentPolicySchema):
    """An inbox's policy as it is, with the inbox's own values."""

    overrides = fields.Nested(OverridesSchema)
    effective = fields.Nested(EffectiveRulesSchema)


class ServedInboxesSchema(Schema):
    """The inboxes that use a policy."""

    inboxes = fields.List(fields.Nested(InboxSchema))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedInboxes:
    """The inboxes that use a policy."""

    inboxes: Sequence[InboxRow]


@bp.route("/assignment_policies")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(AssignmentPolicySchema))
def index(page: Page) -> Listed[PolicyRow]:
    """List the policies."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/assignment_policies", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(AssignmentPolicyForm)
@bp.response(201, AssignmentPolicySchema)
@POLICY
def create(edit: AssignmentPolicyEdit) -> PolicyRow:
    """Create a policy; it has no effect until an inbox uses it."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/assignment_policies/<id:policy_id>")
@allowed(SUPERVISORS)
@bp.response(200, AssignmentPolicySchema)
@POLICY
def show(policy_id: int) -> PolicyRow:
    """Read a policy."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, policy_id))


@bp.route("/assignment_policies/<id:policy_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(AssignmentPolicyForm(partial=True))
@bp.response(200, AssignmentPolicySchema)
@POLICY
def change(edit: AssignmentPolicyEdit, policy_id: int) -> PolicyRow:
    """Change a policy; the change takes effect at once."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, policy_id, edit, actor_id=who.user_id, now=clock.now(), seen=POLICY.seen()
        )
    )


@bp.route("/assignment_policies/<id:policy_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@POLICY
def remove(policy_id: int) -> None:
    """Remove a policy; its inboxes then have no policy."""
    who = caller()
    or_refuse(
        service.remove(
            unit_of_work(), who.account_id, policy_id, actor_id=who.user_id, now=clock.now(), seen=POLICY.seen()
        )
    )


@bp.route("/assignment_policies/<id:policy_id>/inboxes")
@allowed(SUPERVISORS)
@bp.response(200, ServedInboxesSchema)
def served(policy_id: int) -> ServedInboxes:
    """List the inboxes that use a policy."""
    return ServedInboxes(inboxes=or_refuse(service.inboxes_of(unit_of_work(), caller().account_id, policy_id)))


@bp.route("/inboxes/<id:inbox_id>/assignment_policy")
@allowed(SUPERVISORS)
@bp.response(200, InboxPolicySchema)
@LINK
def linked(inbox_id: int) -> InboxPolicyRow:
    """Read an inbox's policy, the inbox's own values, and what decides there."""
    return or_refuse(service.of_inbox(unit_of_work(), caller().account_id, inbox_id))


@bp.route("/inboxes/<id:inbox_id>/assignment_policy", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(PolicyChoiceForm)
@bp.response(200, InboxPolicySchema)
@LINK
def link(choice: PolicyChoice, inbox_id: int) -> InboxPolicyRow:
    """Link a policy to an inbox, in place of its present one; `overrides` has the inbox's own values, and no others.

    Without `overrides`, the inbox keeps its own values while its policy stays the same.
    """
    who = caller()
    return or_refuse(
        service.link(unit_of_work(), who.account_id, inbox_id, choice, actor_id=who.user_id, now=clock.now())
    )


@bp.route("/inboxes/<id:inbox_id>/assignment_policy", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@LINK
def unlink(inbox_id: int) -> None:
    """Unlink the policy of an inbox; the inbox then has none."""
    who = caller()
    or_refuse(
        service.unlink(
            unit_of_work(), who.account_id, inbox_id, actor_id=who.user_id, now=clock.now(), seen=LINK.seen()
        )
    )
