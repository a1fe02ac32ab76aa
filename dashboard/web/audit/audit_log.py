"""The audit log's page: changes with their authors, values before and after, and undoing a change of a policy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.audit import undo as undo_changes
from dashboard.services.audit.undo import Reversal, UndoState
from dashboard.services.core.refusals import Invalid
from dashboard.store.accounts import audit_page as store
from dashboard.store.accounts.audit_log import AuditView
from dashboard.store.accounts.audit_page import AuditFilter, AuditNames
from dashboard.web.audit import entry_text, field_text
from dashboard.web.audit.entry_text import SUBJECTS, Told
from dashboard.web.core import form_input, htmx, timezones, urls
from dashboard.web.core.auth import actor_kwargs, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 50
NOBODY = "none"
PART = "audit/_list.html"
GONE = "It has been deleted since, so there is nothing to set back. Nothing was changed."
UNDONE = "It stands as it was before that change already. Nothing was changed."
pages = pages_of("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditListQuery:
    """The query parameters of the page."""

    who: str = ""
    what: str = ""
    which: int | None = None
    first_day: str = ""
    last_day: str = ""
    before: int | None = None

    def address(self, **changes: object) -> str:
        """Return the page's URL with some parameters changed."""
        return urls.list_url("web.audit.index", self, **changes)

    @property
    def narrowed(self) -> bool:
        """Tell whether a filter is set."""
        return self != AuditListQuery(before=self.before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An entry as text, with the change that undoes it."""

    entry: AuditView
    told: Told
    reversal: Reversal | None
    back: str

    @property
    def can_be_undone(self) -> bool:
        """Tell whether the changed fields still have the entry's values."""
        return bool(self.reversal and self.reversal.state is UndoState.POSSIBLE)


@pages.get("/audit")
@supervisors_only
def index() -> ResponseReturnValue:
    """Show the log, newest entries first."""
    shown = _shown(request.args)
    if not htmx.is_htmx():
        return render_template("audit/index.html", **_context(shown))
    response = htmx.fragment(PART, **_context(shown))
    response.headers["HX-Replace-Url"] = shown.address()
    return response


@pages.post("/audit/<int:entry_id>/reversal")
@supervisors_only
def undo(entry_id: int) -> ResponseReturnValue:
    """Undo a change of a policy, if its fields still have that change's values."""
    shown = _shown(MultiDict(parse_qsl(request.form.get("back", ""))))
    done = finished(undo_changes.undo(unit_of_work(), viewer().account_id, entry_id, **actor_kwargs()))
    if done is None:
        abort(HTTPStatus.NOT_FOUND)
    problem = _problem(done)
    if not problem:
        return htmx.saved(PART, said="Change undone.", elsewhere=shown.address(), **_context(shown))
    template = PART if htmx.is_htmx() else "audit/index.html"
    return render_template(template, **_context(shown, problem=problem)), HTTPStatus.CONFLICT


def _problem(done: Reversal | Invalid) -> str:
    """Return the reason why nothing was undone, "" after an undo."""
    if isinstance(done, Invalid):
        said = " ".join(message for several in done.errors.values() for message in several)
        return f"{said} Nothing was changed."
    if done.state is UndoState.CHANGED:
        names = " and ".join(field_text.label(name) for name in done.changed)
        return f"Somebody has changed it since: {names}. Nothing was changed."
    return {UndoState.GONE: GONE, UndoState.UNDONE: UNDONE}.get(done.state, "")


def _context(shown: AuditListQuery, *, problem: str = "") -> dict[str, Any]:
    """Return the page's data, in a fixed number of queries."""
    session, account_id = unit_of_work().session, viewer().account_id
    found = store.entries(session, account_id, _asked(shown), before=shown.before, most=PER_PAGE)
    reversals = undo_changes.reversals(unit_of_work(), account_id, found.lines)
    names = store.names(session, account_id, entry_text.things(found.lines, reversals.values()))
    return {
        "shown": shown,
        "rows": [_row(entry, reversals, names) for entry in found.lines],
        "before": found.before,
        "actors": store.actors(session, account_id),
        "subjects": SUBJECTS,
        "states": UndoState,
        "problem": problem,
        "zone": timezones.name(),
        "now": clock.now(),
    }


def _row(entry: AuditView, reversals: Mapping[int, Reversal], names: AuditNames) -> Row:
    reversal = reversals.get(entry.id)
    back = entry_text.set_back(reversal, names) if reversal else ""
    return Row(entry=entry, told=entry_text.told(entry, names), reversal=reversal, back=back)


def _shown(args: MultiDict[str, str]) -> AuditListQuery:
    """Return the query parameters; invalid values are ignored."""
    who, what = args.get("who", ""), args.get("what", "")
    return AuditListQuery(
        who=who if who == NOBODY or form_input.id_in(who) else "",
        what=what if what in SUBJECTS else "",
        which=form_input.id_in(args.get("which")) if what in SUBJECTS else None,
        first_day=_day(args.get("first_day", "")),
        last_day=_day(args.get("last_day", "")),
        before=form_input.id_in(args.get("before")),
    )


def _asked(shown: AuditListQuery) -> AuditFilter:
    return AuditFilter(
        actor_id=form_input.id_in(shown.who),
        by_nobody=shown.who == NOBODY,
        subject=shown.what or None,
        subject_id=shown.which,
        since=_midnight(shown.first_day),
        until=_midnight(shown.last_day, days=1),
    )


def _day(given: str) -> str:
    try:
        return date.fromisoformat(given).isoformat() if given else ""
    except ValueError:
        return ""


def _midnight(day: str, *, days: int = 0) -> datetime | None:
    """Return a day's first instant in the viewer's time zone."""
    if not day:
        return None
    try:
        return timezones.begins(date.fromisoformat(day) + timedelta(days=days))
    except OverflowError:
        return None
