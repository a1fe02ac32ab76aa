"""The list of conversations with its filters and search, and changes of several conversations at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from flask import make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dashboard import clock
from dashboard.engine.model import Status
from dashboard.http import finished, unit_of_work
from dashboard.services.agents import agent_lookup
from dashboard.services.conversations import bulk_change
from dashboard.services.conversations.bulk_change import BulkResult
from dashboard.services.conversations.conversation_forms import AssignmentForm, ConversationChange, ConversationForm
from dashboard.services.core import helpdesk_refusals
from dashboard.services.core.form import Form
from dashboard.services.core.form_fields import LARGEST_ID
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.explanations import waiting_list
from dashboard.store.conversations import list_page as store
from dashboard.store.conversations.list_page import ConversationListFilter
from dashboard.store.conversations.search import MOST_FOUND
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks import masters
from dashboard.store.inboxes import choices
from dashboard.web.audit.edit_forms import refused
from dashboard.web.core import form_input, htmx, urls
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 50
WAITING, NOBODY = "waiting", "none"
NOBODY_TYPED = (NOBODY, "nobody")
DONE = {"assign": "assigned", "release": "released", "move": "moved", "move-inbox": "moved"}
ALREADY = {
    "assign": "{was} with that agent already.",
    "release": "{was} with nobody already.",
    "move": "{was} there already.",
    "move-inbox": "{was} there already.",
}
FORMS = {
    True: {"was": "was", "waits": "waits", "it": "it", "exists": "exists"},
    False: {"was": "were", "waits": "wait", "it": "them", "exists": "exist"},
}
pages = pages_of("conversation_list")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationListQuery:
    """The query parameters of the list; `lately` is in minutes."""

    status: str = ""
    inbox: int | None = None
    team: int | None = None
    assignee: str = ""
    label: str = ""
    lately: int | None = None
    text: str = ""
    page: int = 1

    def address(self, **changes: object) -> str:
        """Return the list's URL with some parameters changed."""
        return urls.list_url("web.conversation_list.index", self, **changes)

    @property
    def narrowed(self) -> bool:
        """Tell whether a filter is set."""
        return self != ConversationListQuery(page=self.page)


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedFilter:
    """The text of a filter's field, and its error if there is one."""

    text: str
    wrong: str = ""


@pages.get("/conversations")
@supervisors_only
def index() -> ResponseReturnValue:
    """List conversations."""
    shown = _shown(request.args)
    if not htmx.is_htmx():
        return render_template("conversations/index.html", **_context(shown))
    response = htmx.fragment("conversations/_list.html", **_context(shown))
    response.headers["HX-Replace-Url"] = shown.address()
    return response


@pages.post("/conversations")
@supervisors_only
def change() -> ResponseReturnValue:
    """Assign, release or move the ticked conversations."""
    shown = _shown(MultiDict(parse_qsl(request.form.get("back", ""))))
    done = _done()
    if isinstance(done, Invalid | Conflict):
        return _refused(shown, done)
    said = _said(request.form["do"], done)
    return htmx.saved("conversations/_list.html", said=said, elsewhere=shown.address(), **_context(shown))


def _done() -> BulkResult | Invalid | Conflict:
    """Apply the button's change to the ticked conversations, or return the missing input."""
    ids = form_input.ids("id")[:PER_PAGE]
    if not ids:
        return invalid("id", "Tick the conversations first.")
    wanted = _wanted(request.form.get("do", ""))
    if isinstance(wanted, Invalid):
        return wanted
    return finished(bulk_change.change_all(unit_of_work(), viewer().account_id, ids, wanted, **actor_kwargs()))


def _said(kind: str, handled: BulkResult) -> str:
    """Return the numbers of changed and unchanged conversations, with reasons."""
    count = handled.changed
    did = (
        f"{count} {'conversation' if count == 1 else 'conversations'} {DONE[kind]}." if count else "Nothing to change."
    )
    parts = (
        (handled.released, "of them {waits} again: the agent who had {it} cannot keep {it}."),
        (handled.unchanged, ALREADY[kind]),
        (handled.missing, "no longer {exists}."),
    )
    return " ".join([did, *(f"{number} {said.format(**FORMS[number == 1])}" for number, said in parts if number)])


def _wanted(kind: str) -> ConversationChange | Invalid:
    match kind:
        case "release":
            return ConversationChange(assignee_id=None)
        case "assign":
            agent_id = agent_lookup.agent(
                unit_of_work(), viewer().account_id, request.form.get("agent", ""), field="assignee_id"
            )
            return agent_id if isinstance(agent_id, Invalid) else _loaded(AssignmentForm(), "assignee_id", agent_id)
        case "move":
            return _loaded(AssignmentForm(), "team_id", form_input.whole("team_id"))
        case "move-inbox":
            return _loaded(ConversationForm(), "inbox_id", form_input.whole("inbox_id"))
    return invalid("do", "Choose what to do.")


def _loaded(form: Form, field: str, said: int | str | None) -> ConversationChange | Invalid:
    loaded: ConversationChange | Invalid = form_input.load(form, {field: said})
    return loaded


def _refused(shown: ConversationListQuery, refusal: Invalid | Conflict) -> ResponseReturnValue:
    template = "conversations/_list.html" if htmx.is_htmx() else "conversations/index.html"
    ticked = frozenset(form_input.ids("id"))
    answer = refused(refusal)
    page = render_template(template, **_context(shown, errors=answer.errors, ticked=ticked))
    return make_response(page, answer.status)


def _context(shown: ConversationListQuery, **more: Any) -> dict[str, Any]:
    """Return the list's data, in a fixed number of queries."""
    now, account_id = clock.now(), viewer().account_id
    listed = store.page_of(
        unit_of_work().session, account_id, _asked(shown, now), Page(page=shown.page, per_page=PER_PAGE)
    )
    return {
        "shown": shown,
        "listed": listed,
        "cut": bool(shown.text) and listed.meta.count == MOST_FOUND,
        "last_page": listed.meta.last_page,
        "reasons": waiting_list.of(unit_of_work(), account_id, listed.data, now=now),
        "choices": choices.of_account(unit_of_work().session, account_id),
        "names": choices.called(unit_of_work().session, account_id, inbox_id=shown.inbox),
        "helpdesk": masters.of_inbox(unit_of_work().session, account_id, shown.inbox) if shown.inbox else None,
        "why_not": helpdesk_refusals.of_assignee,
        "assignee": _assignee(shown),
        "statuses": (WAITING, *Status),
        "now": now,
        "errors": {},
        "ticked": frozenset(line.id for line in listed.data if request.args.get("ticked") == "all"),
        **more,
    }


def _shown(args: form_input.Args) -> ConversationListQuery:
    """Return the query parameters; invalid values are ignored."""
    status = args.get("status", "")
    return ConversationListQuery(
        status=status if status in (WAITING, *Status) else "",
        inbox=args.get("inbox", type=_id),
        team=args.get("team", type=_id),
        assignee=_meant(form_input.words_in(args, "assignee")),
        label=form_input.words_in(args, "label"),
        lately=args.get("lately", type=_minutes),
        text=form_input.words_in(args, "text"),
        page=form_input.page_in(args),
    )


def _meant(typed: str) -> str:
    """Return the id of the agent with the typed name; an ambiguous or unknown name stays as typed."""
    if typed in ("", *NOBODY_TYPED) or _is_id(typed):
        return NOBODY if typed in NOBODY_TYPED else typed
    found = agent_lookup.agent(unit_of_work(), viewer().account_id, typed, field="assignee")
    return typed if isinstance(found, Invalid) else str(found)


def _assignee(shown: ConversationListQuery) -> TypedFilter:
    """Return the text of the agent's field, and its error if there is one."""
    if shown.assignee in ("", NOBODY):
        return TypedFilter(text=NOBODY_TYPED[-1] if shown.assignee else "")
    if _is_id(shown.assignee):
        found = choices.agent(unit_of_work().session, viewer().account_id, int(shown.assignee))
        return TypedFilter(text=found.typed if found else f"#{shown.assignee}")
    refused = agent_lookup.agent(unit_of_work(), viewer().account_id, shown.assignee, field="assignee")
    wrong = " ".join(refused.errors["assignee"]) if isinstance(refused, Invalid) else ""
    return TypedFilter(text=shown.assignee, wrong=wrong)


def _assignee_id(meant: str) -> int | None:
    """Return the assignee's id for the filter; 0, which nobody has, for an ambiguous or unknown name."""
    if meant in ("", NOBODY):
        return None
    return int(meant) if _is_id(meant) else 0


def _asked(shown: ConversationListQuery, now: datetime) -> ConversationListFilter:
    return ConversationListFilter(
        status=Status(shown.status) if shown.status not in ("", WAITING) else None,
        waiting=True if shown.status == WAITING else None,
        inbox_id=shown.inbox,
        team_id=shown.team,
        assignee_id=_assignee_id(shown.assignee),
        unassigned=shown.assignee == NOBODY,
        label=shown.label or None,
        given_after=now - timedelta(minutes=shown.lately) if shown.lately else None,
        text=shown.text or None,
    )


def _is_id(given: str) -> bool:
    one = form_input.number(given)
    return isinstance(one, int) and 0 < one <= LARGEST_ID


def _id(given: str) -> int:
    if not _is_id(given):
        raise ValueError(given)
    return int(given)


def _minutes(given: str) -> int:
    if not isinstance(minutes := form_input.number(given), int):
        raise ValueError(given)
    return min(60 * 24, max(1, minutes))
