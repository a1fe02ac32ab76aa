"""The audit log."""

from marshmallow import Schema, fields

from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing
from dashboard.http import unit_of_work
from dashboard.services.core import audit_log as service
from dashboard.services.core.audit_log import AuditView, Subject
from dashboard.services.core.form import Form
from dashboard.services.core.form_fields import LARGEST_ID, AddressNumber, Instant, Text
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("audit", "Changes with their authors, before and after.")


class ActorSchema(Schema):
    """The person behind a change."""

    id = fields.Integer()
    name = fields.String()


class AuditEntrySchema(Schema):
    """One change. `before` is null for a creation, `after` for a deletion, and `actor` for a change by a command."""

    id = fields.Integer()
    actor = fields.Nested(ActorSchema, allow_none=True)
    action = fields.String()
    subject = fields.String()
    subject_id = fields.Integer(allow_none=True)
    before = fields.Dict(allow_none=True)
    after = fields.Dict(allow_none=True)
    at = Instant()


class SubjectQuery(Form):
    """The filter by subject."""

    makes = Subject
    subject = Text(load_default=None)
    subject_id = AddressNumber(1, LARGEST_ID, load_default=None)


@bp.route("/audit_entries")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.arguments(SubjectQuery, location="query")
@bp.response(200, listing(AuditEntrySchema))
def index(page: Page, about: Subject) -> Listed[AuditView]:
    """List the changes, newest first; `subject` and `subject_id` narrow the list."""
    return service.show_all(unit_of_work(), caller().account_id, page, about)
