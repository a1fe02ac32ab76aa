"""The history of a connection: events, conflicts and writes, newest first (C22)."""

from marshmallow import Schema, fields

from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import Instant, Word
from dashboard.services.helpdesks.connecting import reports
from dashboard.store.core.paging import Listed, Page
from dashboard.store.helpdesks.events import EventView
from dashboard.store.helpdesks.pages.page import WriteView
from dashboard.store.helpdesks.writing.connection_conflicts import ConflictView
from dashboard.store.models.connections import ConnectionEventKind
from dashboard.store.models.helpdesk_writes import WriteState

bp = ApiBlueprint("connection_history", "What was heard from a helpdesk, and done there.")


class ConnectionEventSchema(Schema):
    """Something that was heard or done; kept for 24 hours."""

    id = fields.Integer()
    at = Instant()
    kind = Word(ConnectionEventKind)
    cause = fields.String()
    conversation_id = fields.Integer(allow_none=True)


class ConflictSchema(Schema):
    """A person's choice in the helpdesk that was overwritten, and put back once."""

    conversation_id = fields.Integer()
    ours = fields.String()
    theirs = fields.String()
    at = Instant()


class HelpdeskWriteSchema(Schema):
    """An assignment to be written in the helpdesk; without an agent, a release."""

    conversation_id = fields.Integer()
    agent_id = fields.Integer(allow_none=True)
    state = Word(WriteState)
    reason = fields.String(allow_none=True)
    at = Instant()


@bp.route("/connections/<id:connection_id>/events")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(ConnectionEventSchema))
def events(page: Page, connection_id: int) -> Listed[EventView]:
    """List the events, conflicts and writes of the last 24 hours."""
    return or_refuse(reports.show_events(unit_of_work(), caller().account_id, connection_id, page))


@bp.route("/connections/<id:connection_id>/conflicts")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(ConflictSchema))
def conflicts(page: Page, connection_id: int) -> Listed[ConflictView]:
    """List the choices of people in the helpdesk that were overwritten, and put back."""
    return or_refuse(reports.show_conflicts(unit_of_work(), caller().account_id, connection_id, page))


@bp.route("/connections/<id:connection_id>/writes")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(HelpdeskWriteSchema))
def writes(page: Page, connection_id: int) -> Listed[WriteView]:
    """List the assignments that were written in the helpdesk, or why not."""
    return or_refuse(reports.show_writes(unit_of_work(), caller().account_id, connection_id, page))
