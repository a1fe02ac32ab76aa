"""Labels."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.conversations import labels as service
from dashboard.services.conversations.labels import LabelRow
from dashboard.services.inboxes.inbox_forms import LabelForm, NewLabel
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("labels", "Labels that the account suggests; a conversation may carry others.")
LABEL = Tagged(edit=NewLabel)


class LabelSchema(Schema):
    """A label."""

    id = fields.Integer()
    title = fields.String()
    color = fields.String(allow_none=True)


@bp.route("/labels")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(LabelSchema))
def index(page: Page) -> Listed[LabelRow]:
    """List the labels."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/labels", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(LabelForm)
@bp.response(201, LabelSchema)
@LABEL
def create(new: NewLabel) -> LabelRow:
    """Add a label to the account's suggestions."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, new, actor_id=who.user_id, now=clock.now()))


@bp.route("/labels/<id:label_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@LABEL
def remove(label_id: int) -> None:
    """Remove a label from the suggestions; conversations keep theirs."""
    who = caller()
    or_refuse(
        service.remove(
            unit_of_work(), who.account_id, label_id, actor_id=who.user_id, now=clock.now(), seen=LABEL.seen()
        )
    )
