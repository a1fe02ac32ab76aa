"""The history of runs, with filters by inbox, source, outcome, reason and time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.http import unit_of_work
from dashboard.store.assignment.run_history import run_list_page as store
from dashboard.store.assignment.run_history.run_list_page import RunFilter
from dashboard.store.inboxes import choices
from dashboard.web.core import form_input, htmx, urls
from dashboard.web.core.auth import supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

# The choices of the filters: only sources that start runs, and reasons for conversations that runs leave waiting.
SOURCES = (Source.REALTIME, Source.PERIODIC, Source.MANUAL, Source.WAKEUP)
REASONS = tuple(one for one in Reason if one not in (Reason.NOT_OPEN, Reason.ALREADY_ASSIGNED))
WITHIN = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
pages = pages_of("run_list")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListQuery:
    """The query parameters of the history; `before` is the id before which its page begins."""

    inbox: int | None = None
    source: str = ""
    outcome: str = ""
    reason: str = ""
    within: str = ""
    before: int | None = None

    def address(self, **changes: object) -> str:
        """Return the history's URL with some parameters changed."""
        return urls.list_url("web.run_list.index", self, **changes)

    @property
    def narrowed(self) -> bool:
        """Tell whether a filter is set."""
        return self != RunListQuery(before=self.before)


@pages.get("/runs")
@supervisors_only
def index() -> ResponseReturnValue:
    """Show the history of runs."""
    shown, now = _shown(), clock.now()
    account_id, session = viewer().account_id, unit_of_work().session
    context: dict[str, Any] = {
        "shown": shown,
        "history": store.page_of(session, account_id, _asked(shown, now)),
        "inboxes": choices.inboxes(session, account_id),
        "sources": SOURCES,
        "outcomes": tuple(Outcome),
        "reasons": REASONS,
        "spans": tuple(WITHIN),
        "now": now,
    }
    if not htmx.is_htmx():
        return render_template("runs/index.html", **context)
    response = htmx.fragment("runs/_list.html", **context)
    response.headers["HX-Replace-Url"] = shown.address()
    return response


def _shown() -> RunListQuery:
    """Return the query parameters; invalid values are ignored."""
    return RunListQuery(
        inbox=form_input.id_in(request.args.get("inbox")),
        source=_word("source", SOURCES),
        outcome=_word("outcome", tuple(Outcome)),
        reason=_word("reason", REASONS),
        within=_word("within", tuple(WITHIN)),
        before=form_input.id_in(request.args.get("before")),
    )


def _word(name: str, words: tuple[str, ...]) -> str:
    said = request.args.get(name, "")
    return said if said in words else ""


def _asked(shown: RunListQuery, now: datetime) -> RunFilter:
    return RunFilter(
        inbox_id=shown.inbox,
        source=Source(shown.source) if shown.source else None,
        outcome=Outcome(shown.outcome) if shown.outcome else None,
        reason=Reason(shown.reason) if shown.reason else None,
        since=now - WITHIN[shown.within] if shown.within else None,
        before=shown.before,
    )
