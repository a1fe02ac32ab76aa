"""A conversation's assignments: assignment by hand, and the ledger."""

from marshmallow import Schema, fields

from dashboard.api.audit.audit_log import ActorSchema
from dashboard.api.conversations.conversations import ConversationSchema, changed, only_seen_by
from dashboard.api.core.auth import EVERYBODY, SUPERVISORS, allowed, caller
from dashboard.api.core.idempotency import idempotent
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.engine.decisions import Source, Via
from dashboard.http import unit_of_work
from dashboard.services.conversations import conversations as service
from dashboard.services.conversations.conversation_forms import AssignmentForm, ConversationChange
from dashboard.services.core.form_fields import Instant, Word
from dashboard.services.helpdesks.conversation_views import ConversationView
from dashboard.store.conversations.lists import LedgerRow
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("assignments", "Assignment by hand, and the ledger.")


class LedgerEntrySchema(Schema):
    """One assignment, transfer or release. A release has no agent; an entry that no person caused has no actor."""

    id = fields.Integer()
    conversation_id = fields.Integer()
    agent_id = fields.Integer(allow_none=True)
    previous_agent_id = fields.Integer(allow_none=True)
    source = Word(Source)
    reason = fields.String(allow_none=True)
    run_id = fields.Integer(allow_none=True)
    position = fields.Integer(allow_none=True)
    policy_id = fields.Integer(allow_none=True)
    policy_version = fields.Integer(allow_none=True)
    via = Word(Via, allow_none=True)
    skills_relaxed = fields.Boolean()
    actor = fields.Nested(ActorSchema, allow_none=True)
    at = Instant()


@bp.route("/conversations/<id:conversation_id>/assignments")
@allowed(EVERYBODY)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(LedgerEntrySchema))
def index(page: Page, conversation_id: int) -> Listed[LedgerRow]:
    """Read a conversation's ledger, newest first."""
    return or_refuse(service.ledger(unit_of_work(), caller().account_id, conversation_id, page, seen_by=only_seen_by()))


@bp.route("/conversations/<id:conversation_id>/assignments", methods=["POST"])
@allowed(SUPERVISORS)
@idempotent
@bp.arguments(AssignmentForm)
@bp.response(200, ConversationSchema)
def assign(wanted: ConversationChange, conversation_id: int) -> ConversationView:
    """Assign, transfer, release (`assignee_id` null) or move to a team; limits do not apply to assignment by hand."""
    return changed(conversation_id, wanted)
