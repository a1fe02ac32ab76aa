"""The account of the caller's token."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.errors import refuse
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.engine.model import Role
from dashboard.http import unit_of_work
from dashboard.services.accounts import accounts as service
from dashboard.services.accounts.account_forms import AccountEdit, AccountForm
from dashboard.services.core.form import sent_fields
from dashboard.store.accounts.accounts import AccountRow

bp = ApiBlueprint("account", "The account, with the switch that all its inboxes need.")
ACCOUNT = Tagged(edit=AccountEdit)


class AccountSchema(Schema):
    """An account."""

    id = fields.Integer()
    name = fields.String()
    assignment_v2 = fields.Boolean()
    skill_labels = fields.Dict(fields.String(), fields.String())


@bp.route("")
@allowed(SUPERVISORS)
@bp.response(200, AccountSchema)
@ACCOUNT
def show() -> AccountRow:
    """Read the account."""
    return or_refuse(service.show(unit_of_work(), caller().account_id))


@bp.route("", methods=["PATCH"])
@allowed(SUPERVISORS)
@bp.arguments(AccountForm(partial=True))
@bp.response(200, AccountSchema)
@ACCOUNT
def change(edit: AccountEdit) -> AccountRow:
    """Change the account; a supervisor may change `assignment_v2` and `skill_labels` only."""
    who = caller()
    if who.role is not Role.ADMINISTRATOR and sent_fields(edit).keys() - {"assignment_v2", "skill_labels"}:
        refuse(403, "Supervisors may change assignment_v2 and skill_labels alone.")
    return or_refuse(
        service.change(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now(), seen=ACCOUNT.seen())
    )
