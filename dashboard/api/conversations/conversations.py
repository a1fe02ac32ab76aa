"""Conversations: created and changed by other programs, which also record messages."""

from dataclasses import dataclass, replace
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load

from dashboard import clock
from dashboard.api.core.auth import EVERYBODY, SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.idempotency import idempotent
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.engine.model import Awaiting, Role, Status
from dashboard.helpdesks.values import HelpdeskKind
from dashboard.http import unit_of_work
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations import conversations as service
from dashboard.services.conversations.conversation_forms import (
    ConversationChange,
    ConversationDraft,
    ConversationForm,
    Drafts,
    LabelsForm,
    Message,
    MessageForm,
    NewConversationForm,
    NewConversationsForm,
    StatusForm,
)
from dashboard.services.core.form_fields import LARGEST_ID, AddressNumber, Instant, Text, Word
from dashboard.services.helpdesks import conversation_views
from dashboard.services.helpdesks.conversation_views import ConversationView
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.conversations.lists import ConversationFilter
from dashboard.store.core.paging import Listed, Page
from dashboard.store.models.helpdesk_writes import WriteState

AN_ID = AddressNumber(1, LARGEST_ID)
bp = ApiBlueprint("conversations", "Conversations: brought in, changed, written to.")
CONVERSATION = Tagged(edit=ConversationChange)


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of conversations, in the order of the request."""

    ids: list[int]


class ContactSchema(Schema):
    """A customer."""

    id = fields.Integer()
    identifier = fields.String()
    name = fields.String(allow_none=True)


class ExternalSchema(Schema):
    """A conversation in its helpdesk: the stable id, the one that people see, and the address that opens it there."""

    connection_id = fields.Integer()
    kind = Word(HelpdeskKind)
    id = fields.String()
    display_id = fields.String()
    url = fields.String(allow_none=True)


class WriteSchema(Schema):
    """The last write of its assignee in the helpdesk, and why it was not done."""

    state = Word(WriteState)
    at = Instant()
    reason = fields.String(allow_none=True)


class ShadowSchema(Schema):
    """The last decision in shadow, and the name of the person who took it in the helpdesk."""

    agent_id = fields.Integer()
    at = Instant()
    taken_by = fields.String(allow_none=True)
    taken_at = Instant(allow_none=True)


class ConversationSchema(Schema):
    """A conversation; `waiting_since` is set while it is open and has no assignee.

    While it waits, `due_at` is the instant by which it should be assigned, by its own `respond_by` or by the targets.

    `external`, `write` and `shadow` are null unless it is in a helpdesk.
    """

    id = fields.Integer()
    external_id = fields.String(allow_none=True)
    inbox_id = fields.Integer()
    team_id = fields.Integer(allow_none=True)
    contact = fields.Nested(ContactSchema, allow_none=True)
    subject = fields.String(allow_none=True)
    status = Word(Status)
    priority = fields.Integer(allow_none=True)
    assignee_id = fields.Integer(allow_none=True)
    labels = fields.List(fields.String())
    required_skills = fields.List(fields.String())
    created_at = Instant()
    last_activity_at = Instant()
    waiting_since = Instant(allow_none=True)
    respond_by = Instant(allow_none=True)
    due_at = Instant(allow_none=True)
    assigned_at = Instant(allow_none=True)
    resolved_at = Instant(allow_none=True)
    snoozed_until = Instant(allow_none=True)
    first_reply_at = Instant(allow_none=True)
    awaiting = Word(Awaiting, allow_none=True)
    returns = fields.Integer()
    external = fields.Nested(ExternalSchema, allow_none=True)
    write = fields.Nested(WriteSchema, allow_none=True)
    shadow = fields.Nested(ShadowSchema, allow_none=True)


class IdsSchema(Schema):
    """The ids of conversations, in the order of the request."""

    ids = fields.List(fields.Integer())


class AgentOrNone(fields.String):
    """An agent's id, or `none` for conversations without an assignee."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:
        if value == "none":
            return None
        try:
            return AN_ID.deserialize(value)
        except ValidationError:
            raise ValidationError("Not an id, nor none.") from None


class ConversationQuery(Schema):
    """The filters of the list; a conversation must match all of them."""

    status = Word(Status)
    inbox_id = AddressNumber(1, LARGEST_ID)
    team_id = AddressNumber(1, LARGEST_ID)
    assignee_id = AgentOrNone()
    label = Text()
    waiting = fields.Boolean()

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> ConversationFilter:
        """Return the store's filter."""
        return ConversationFilter(**data, unassigned="assignee_id" in data and data["assignee_id"] is None)


@bp.route("/conversations")
@allowed(EVERYBODY)
@bp.arguments(PageQuery, location="query")
@bp.arguments(ConversationQuery, location="query")
@bp.response(200, listing(ConversationSchema))
def index(page: Page, wanted: ConversationFilter) -> Listed[ConversationView]:
    """List conversations, newest first; with `waiting=true` in the order of waiting."""
    account_id = caller().account_id
    found = service.listing(unit_of_work(), account_id, replace(wanted, seen_by=only_seen_by()), page)
    return Listed(data=conversation_views.views(unit_of_work(), account_id, found.data), meta=found.meta)


@bp.route("/conversations", methods=["POST"])
@allowed(SUPERVISORS)
@idempotent
@bp.arguments(NewConversationForm)
@bp.alt_response(200, schema=ConversationSchema, description="The inbox has it already.")
@bp.response(201, ConversationSchema)
@CONVERSATION
def create(draft: ConversationDraft) -> tuple[ConversationView, int]:
    """Create a conversation; an `external_id` that the inbox has already returns the existing conversation."""
    who = caller()
    made = or_refuse(service.create(unit_of_work(), who.account_id, draft, actor_id=who.user_id, now=clock.now()))
    return viewed(made.conversation), 201 if made.is_new else 200


@bp.route("/conversations/bulk", methods=["POST"])
@allowed(SUPERVISORS)
@idempotent
@bp.arguments(NewConversationsForm)
@bp.response(201, IdsSchema)
def create_bulk(drafts: Drafts) -> Ids:
    """Create up to 1,000 conversations, or none; existing ones keep their place in the returned ids."""
    who, now = caller(), clock.now()
    return Ids(
        or_refuse(
            service.create_bulk(unit_of_work(), who.account_id, drafts.conversations, actor_id=who.user_id, now=now)
        )
    )


@bp.route("/conversations/<id:conversation_id>")
@allowed(EVERYBODY)
@bp.response(200, ConversationSchema)
@CONVERSATION
def show(conversation_id: int) -> ConversationView:
    """Read a conversation."""
    found = service.find(unit_of_work(), caller().account_id, conversation_id, seen_by=only_seen_by())
    return viewed(or_refuse(found))


@bp.route("/conversations/<id:conversation_id>", methods=["PATCH"])
@allowed(SUPERVISORS)
@bp.arguments(ConversationForm(partial=True))
@bp.response(200, ConversationSchema)
@CONVERSATION
def change(wanted: ConversationChange, conversation_id: int) -> ConversationView:
    """Change a conversation; a change of its assignee ignores all limits."""
    return changed(conversation_id, wanted)


@bp.route("/conversations/<id:conversation_id>/toggle_status", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(StatusForm)
@bp.response(200, ConversationSchema)
@CONVERSATION
def toggle_status(wanted: ConversationChange, conversation_id: int) -> ConversationView:
    """Open, resolve, snooze or set pending a conversation; a snooze with an end ends at that instant."""
    return changed(conversation_id, wanted)


@bp.route("/conversations/<id:conversation_id>/labels", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(LabelsForm)
@bp.response(200, ConversationSchema)
@CONVERSATION
def set_labels(wanted: ConversationChange, conversation_id: int) -> ConversationView:
    """Replace a conversation's labels."""
    return changed(conversation_id, wanted)


@bp.route("/conversations/<id:conversation_id>/messages", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(MessageForm)
@bp.response(200, ConversationSchema)
@CONVERSATION
def write(said: Message, conversation_id: int) -> ConversationView:
    """Record a message. A customer's message reopens a resolved or snoozed conversation, an automatic one does not."""
    who, now = caller(), clock.now()
    written = change_conversation.message(
        unit_of_work(), who.account_id, conversation_id, said, actor_id=who.user_id, now=now
    )
    return viewed(or_refuse(written))


def changed(conversation_id: int, wanted: ConversationChange) -> ConversationView:
    """Change a conversation, or end the request with the refusal."""
    who, now = caller(), clock.now()
    after = change_conversation.change(
        unit_of_work(),
        who.account_id,
        conversation_id,
        wanted,
        actor_id=who.user_id,
        now=now,
        seen=CONVERSATION.seen(),
    )
    return viewed(or_refuse(after))


def viewed(row: ConversationRow) -> ConversationView:
    """Return the conversation with what its helpdesk has of it."""
    return conversation_views.view(unit_of_work(), caller().account_id, row)


def only_seen_by() -> int | None:
    """Return the caller's id if they are an agent: agents read their inboxes' and their own conversations only."""
    return caller().user_id if caller().role is Role.AGENT else None
