"""Contacts."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.contacts import contacts as service
from dashboard.services.contacts.contact_forms import Merge, MergeForm
from dashboard.services.contacts.contacts import Merged

bp = ApiBlueprint("contacts", "Contacts: two of one person are merged.")


class MergedContactSchema(Schema):
    """The contact that remains."""

    identifier = fields.String()
    name = fields.String(allow_none=True)


class MergedSchema(Schema):
    """The contact that remains, and the number of conversations that moved to it."""

    contact = fields.Nested(MergedContactSchema)
    conversations = fields.Integer()


@bp.route("/contacts/merges", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(MergeForm)
@bp.response(200, MergedSchema)
def merge(wanted: Merge) -> Merged:
    """Merge the contact `from` into the contact `into`; it can be undone in the audit log."""
    who = caller()
    return or_refuse(service.merge(unit_of_work(), who.account_id, wanted, actor_id=who.user_id, now=clock.now()))
