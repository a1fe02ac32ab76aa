"""A conversation's page: its facts, its explanation, its ledger, and the actions on it."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import structlog
from flask import abort, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import Status
from dashboard.http import finished, unit_of_work
from dashboard.services.agents import agent_lookup
from dashboard.services.contacts import contacts
from dashboard.services.contacts.contact_forms import MergeForm
from dashboard.services.conversations import apply_suggestion
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.conversation_forms import ConversationForm
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.services.explanations import conversation
from dashboard.services.explanations.conversation import Explanation
from dashboard.services.helpdesks import conversation_views
from dashboard.store.conversations import conversation_page as store
from dashboard.store.conversations.conversation_page import ConversationPage
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks import masters
from dashboard.store.helpdesks.pages import conversation_page as there
from dashboard.store.helpdesks.pages.conversation_page import LastShadow, LastWrite, LinkThere
from dashboard.store.inboxes import choices
from dashboard.web.audit.edit_forms import editing, refused
from dashboard.web.core import form_input, htmx, timezones
from dashboard.web.core.auth import actor_kwargs, scope, supervising, supervisors_only, viewer
from dashboard.web.core.bidi import saying
from dashboard.web.core.blueprints import pages_of

log = structlog.get_logger()
pages = pages_of("conversations")
PART = "conversations/_conversation.html"
# The buttons for other statuses, by the present status.
STEPS = {
    Status.OPEN: ((Status.RESOLVED, "Resolve"), (Status.PENDING, "Set pending")),
    Status.PENDING: ((Status.OPEN, "Reopen"), (Status.RESOLVED, "Resolve")),
    Status.SNOOZED: ((Status.OPEN, "Reopen"), (Status.RESOLVED, "Resolve")),
    Status.RESOLVED: ((Status.OPEN, "Reopen"),),
}
BECAME = {
    Status.OPEN: "It is open again.",
    Status.PENDING: "It is pending.",
    Status.SNOOZED: "It is snoozed.",
    Status.RESOLVED: "It is resolved.",
}
GONE = "This would no longer assign it, because something has changed. See the new explanation below."


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """A conversation in its helpdesk; without an address the credentials cannot be read."""

    link: LinkThere
    url: str | None
    write: LastWrite | None
    shadow: LastShadow | None


@pages.get("/conversations/<int:conversation_id>")
def show(conversation_id: int) -> ResponseReturnValue:
    """Show a conversation; agents may read their inboxes' and their own conversations only."""
    return render_template("conversations/show.html", **_context(conversation_id))


@pages.post("/conversations/<int:conversation_id>")
@supervisors_only
def change(conversation_id: int) -> ResponseReturnValue:
    """Assign, transfer, release, move, resolve, snooze or reopen a conversation, or change its labels."""
    said = _given()
    wanted = said if isinstance(said, Invalid) else form_input.load(ConversationForm(), said)
    if not isinstance(wanted, Invalid):
        wanted = finished(
            change_conversation.change(unit_of_work(), viewer().account_id, conversation_id, wanted, **editing())
        )
    if wanted is None:
        abort(HTTPStatus.NOT_FOUND)
    if isinstance(wanted, Invalid | Conflict):
        return _refused(conversation_id, wanted)
    context = _context(conversation_id)
    return _saved(context, _became(context["conversation"]))


@pages.post("/conversations/<int:conversation_id>/contact")
@supervisors_only
def merge_contact(conversation_id: int) -> ResponseReturnValue:
    """Merge the conversation's contact into the contact with the typed identifier."""
    page = store.one(unit_of_work().session, scope(), conversation_id) or abort(HTTPStatus.NOT_FOUND)
    wanted = form_input.load(MergeForm(), {"from": page.contact_identifier, "into": request.form.get("into", "")})
    if not isinstance(wanted, Invalid):
        wanted = finished(contacts.merge(unit_of_work(), viewer().account_id, wanted, **actor_kwargs()))
    if isinstance(wanted, Invalid):
        return _refused(conversation_id, wanted)
    followed = "1 conversation" if wanted.conversations == 1 else f"{wanted.conversations:,} conversations"
    return _saved(
        _context(conversation_id), f"{followed} moved to {wanted.contact.identifier}. The audit log undoes it."
    )


@pages.post("/conversations/<int:conversation_id>/fixes")
@supervisors_only
def fix(conversation_id: int) -> ResponseReturnValue:
    """Apply a suggested fix."""
    if store.one(unit_of_work().session, scope(), conversation_id) is None:
        abort(HTTPStatus.NOT_FOUND)
    sentence = request.form.get("fix", "")
    done = finished(
        apply_suggestion.apply(unit_of_work(), viewer().account_id, conversation_id, sentence, **actor_kwargs())
    )
    if done is None:
        return _refused(conversation_id, invalid("fix", GONE))
    apply_suggestion.wait_for_run(unit_of_work(), viewer().account_id, conversation_id)
    context = _context(conversation_id)
    name = context["conversation"].assignee_name
    said = "Done: {}. {} has it now." if name else "Done: {}. A run has been started."
    return _saved(context, saying(said, done.sentence, name))


def _given() -> dict[str, Any] | Invalid:
    """Return the conversation's fields that the form contains, with their values; an agent is typed by name."""
    if "agent" in request.form:
        agent_id = agent_lookup.agent(unit_of_work(), viewer().account_id, request.form["agent"], field="assignee_id")
        return agent_id if isinstance(agent_id, Invalid) else {"assignee_id": agent_id}
    said: dict[str, Any] = {
        name: form_input.whole(name) for name in ("assignee_id", "team_id", "inbox_id") if name in request.form
    }
    if "status" in request.form:
        said["status"] = request.form["status"]
    if typed := form_input.text("snoozed_until"):
        until = timezones.instant(typed)
        if until is None:
            return invalid("snoozed_until", "Not a day and a time.")
        said["snoozed_until"] = until.isoformat()
    if "new_label" in request.form:
        said["labels"] = form_input.labels()
    return said or invalid("assignee_id", "Choose what to do.")


def _became(page: ConversationPage) -> str:
    """Return the result of the form's change."""
    said = request.form
    if "agent" in said or "assignee_id" in said:
        return saying("{} has it now.", page.assignee_name) if page.assignee_name else "Released."
    if "status" in said:
        return BECAME[page.status]
    if "inbox_id" in said:
        return saying("Moved to {}.", page.inbox_name)
    if "team_id" in said:
        return saying("Moved to {}.", page.team_name) if page.team_name else "Removed from its team."
    return "The labels were saved."


def _saved(context: dict[str, Any], said: str) -> ResponseReturnValue:
    here = url_for("web.conversations.show", conversation_id=context["conversation"].id)
    return htmx.saved(PART, said=said, elsewhere=here, **context)


def _refused(conversation_id: int, refusal: Invalid | Conflict) -> ResponseReturnValue:
    answer = refused(refusal)
    wanted = refusal.wanted if isinstance(refusal, Stale) else {}
    template = PART if htmx.is_htmx() else "conversations/show.html"
    context = _context(conversation_id, errors=answer.errors, typed=request.form, wanted=wanted)
    return make_response(render_template(template, **context), answer.status)


def _context(conversation_id: int, **more: Any) -> dict[str, Any]:
    """Return the page's data; the choices of the forms only for supervisors."""
    account_id, session, now = scope().account_id, unit_of_work().session, clock.now()
    found = store.one(session, scope(), conversation_id)
    if found is None:
        abort(HTTPStatus.NOT_FOUND)
    told = _told(conversation_id, now)
    forms_too = supervising()
    return {
        "conversation": found,
        "helpdesk": masters.of_inbox(session, account_id, found.inbox_id),
        "abroad": _abroad(conversation_id),
        "told": told,
        "offers": apply_suggestion.offers(unit_of_work(), account_id, told.fixes, now=now) if told else (),
        "ledger": store.ledger(session, account_id, conversation_id),
        "names": choices.called(session, account_id, inbox_id=found.inbox_id) if forms_too else (),
        "teams": choices.teams(session, account_id) if forms_too else (),
        "inboxes": choices.inboxes(session, account_id) if forms_too else (),
        "labels": choices.labels(session, account_id) if forms_too else (),
        "steps": STEPS[found.status],
        "now": now,
        "errors": {},
        "typed": {},
        "wanted": {},
        **more,
    }


def _abroad(conversation_id: int) -> Abroad | None:
    """Return what the page tells of the conversation's helpdesk; None for one that is in none."""
    account_id, session = scope().account_id, unit_of_work().session
    link = there.link(session, account_id, conversation_id)
    if link is None:
        return None
    return Abroad(
        link=link,
        url=conversation_views.address(unit_of_work(), account_id, link.connection_id, link.key),
        write=there.last_write(session, conversation_id),
        shadow=there.last_shadow(session, conversation_id),
    )


def _told(conversation_id: int, now: datetime) -> Explanation | None:
    """Return the explanation; None while Redis is down, because the rest of the page only needs Postgres."""
    try:
        return conversation.conversation(unit_of_work(), scope().account_id, conversation_id, now=now)
    except StoreUnavailable as error:
        log.warning("not_explained", account=scope().account_id, conversation=conversation_id, error=str(error))
        return None
