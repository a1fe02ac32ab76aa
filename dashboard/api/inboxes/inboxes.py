"""Inboxes."""

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import Instant
from dashboard.services.inboxes import inboxes as service
from dashboard.services.inboxes import opening
from dashboard.services.inboxes.inbox_forms import InboxEdit, InboxForm
from dashboard.services.inboxes.inboxes import InboxRow
from dashboard.services.policies import policy_fields
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("inboxes", "Where conversations arrive.")
INBOX = Tagged(edit=InboxEdit)


class BusinessHoursSchema(Schema):
    """Business hours; null for an inbox that is always open.

    `weekly` has windows by weekday: `{"mon": [["09:00", "17:30"]]}`. An end at or before its start is on the next day.
    `country` adds the public holidays of a country such as DE, or of a part of it such as DE-BY.
    """

    timezone = fields.String()
    weekly = fields.Dict(keys=fields.String(), values=fields.List(fields.List(fields.String())))
    holidays = fields.List(fields.String())
    country = fields.String(allow_none=True)


class OverridesSchema(Schema):
    """An inbox's own values for fields of its policy; only those that it has."""

    class Meta:
        include = policy_fields.overriding_outputs()


class InboxSchema(Schema):
    """An inbox; `open_count` includes the waiting conversations.

    `opens_at` is the next opening of a closed inbox, null while it is open.
    """

    id = fields.Integer()
    name = fields.String()
    channel = fields.String(allow_none=True)
    enable_auto_assignment = fields.Boolean()
    weight = fields.Integer()
    business_hours = fields.Nested(BusinessHoursSchema, allow_none=True)
    open_now = fields.Method("is_open", metadata={"type": "boolean"})
    opens_at = fields.Method("next_opening", metadata={"type": "string", "format": "date-time", "nullable": True})
    assignment_policy_id = fields.Integer(allow_none=True)
    overrides = fields.Nested(OverridesSchema)
    member_ids = fields.List(fields.Integer())
    waiting_count = fields.Integer()
    open_count = fields.Integer()

    def is_open(self, row: InboxRow) -> bool:
        """Return whether the hours are open now."""
        state = opening.of(row.business_hours, now=clock.now())
        return state is None or state.is_open

    def next_opening(self, row: InboxRow) -> str | None:
        """Return the next opening as an instant."""
        state = opening.of(row.business_hours, now=clock.now())
        return Instant()._serialize(state.opens_at, None, row) if state else None


@bp.route("/inboxes")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(InboxSchema))
def index(page: Page) -> Listed[InboxRow]:
    """List the inboxes."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/inboxes", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(InboxForm)
@bp.response(201, InboxSchema)
@INBOX
def create(edit: InboxEdit) -> InboxRow:
    """Create an inbox."""
    who = caller()
    return or_refuse(service.create(unit_of_work(), who.account_id, edit, actor_id=who.user_id, now=clock.now()))


@bp.route("/inboxes/<id:inbox_id>")
@allowed(SUPERVISORS)
@bp.response(200, InboxSchema)
@INBOX
def show(inbox_id: int) -> InboxRow:
    """Read an inbox."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, inbox_id))


@bp.route("/inboxes/<id:inbox_id>", methods=["PATCH", "PUT"])
@allowed(SUPERVISORS)
@bp.arguments(InboxForm(partial=True))
@bp.response(200, InboxSchema)
@INBOX
def change(edit: InboxEdit, inbox_id: int) -> InboxRow:
    """Change an inbox."""
    who = caller()
    return or_refuse(
        service.change(
            unit_of_work(), who.account_id, inbox_id, edit, actor_id=who.user_id, now=clock.now(), seen=INBOX.seen()
        )
    )


@bp.route("/inboxes/<id:inbox_id>", methods=["DELETE"])
@allowed(SUPERVISORS)
@bp.response(204)
@INBOX
def remove(inbox_id: int) -> None:
    """Remove an inbox that has no conversations."""
    who = caller()
    or_refuse(
        service.remove(
            unit_of_work(), who.account_id, inbox_id, actor_id=who.user_id, now=clock.now(), seen=INBOX.seen()
        )
    )
