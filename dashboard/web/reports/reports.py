"""Reports: assignments, waits and fairness; each table also as CSV."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.service_level import WithinTarget
from dashboard.http import unit_of_work
from dashboard.services.reports import reports
from dashboard.services.reports.reports import Report, ReportSpan, Wait, WaitFigures
from dashboard.store.core.paging import Page, listed
from dashboard.web.core import form_input, htmx, urls
from dashboard.web.core.auth import supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.reports import csv_export, fairness_text
from dashboard.web.reports.csv_export import Cell

AGENTS_PER_PAGE = 50
pages = pages_of("reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """The query parameters of the report."""

    span: ReportSpan = ReportSpan.DAY
    inbox: int | None = None
    page: int = 1

    def address(self, **changes: object) -> str:
        """Return the report's URL with some parameters changed."""
        return urls.list_url("web.reports.index", self, **changes)

    def sheet(self, name: str) -> str:
        """Return the URL of one of the report's tables as CSV."""
        return urls.list_url("web.reports.sheet", self, name=name, page=1)


@pages.get("/reports")
@supervisors_only
def index() -> ResponseReturnValue:
    """Show a report."""
    shown = _shown()
    report = _report(shown)
    page = Page(page=shown.page, per_page=AGENTS_PER_PAGE)
    agents = listed(report.shares[page.offset : page.offset + page.per_page], len(report.shares), page)
    context = {
        "shown": shown,
        "report": report,
        "agents": agents,
        "spans": tuple(ReportSpan),
        "fair": fairness_text.sentence(report.fairness),
    }
    if not htmx.is_htmx():
        return render_template("reports/index.html", **context)
    response = htmx.fragment("reports/_report.html", **context)
    response.headers["HX-Replace-Url"] = shown.address()
    return response


@pages.get("/reports/<name>.csv")
@supervisors_only
def sheet(name: str) -> ResponseReturnValue:
    """Return one of a report's tables with all its rows."""
    if name not in SHEETS:
        abort(HTTPStatus.NOT_FOUND)
    shown = _shown()
    return SHEETS[name](f"{name}-{shown.span}", _report(shown))


def _shown() -> ReportQuery:
    """Return the query parameters; invalid values are ignored."""
    span = request.args.get("span", "")
    return ReportQuery(
        span=ReportSpan(span) if span in tuple(ReportSpan) else ReportSpan.DAY,
        inbox=form_input.id_in(request.args.get("inbox")),
        page=form_input.page_in(request.args),
    )


def _report(shown: ReportQuery) -> Report:
    return reports.of_account(
        unit_of_work(), viewer().account_id, span=shown.span, inbox_id=shown.inbox, now=clock.now()
    )


def _hours(name: str, report: Report) -> Response:
    names = [line.name for line in report.lines]
    head = ["hour (UTC)", "assigned", *names, *(["other inboxes"] if report.has_others else []), *WAITED_IN_HOUR]
    rows = (
        [
            line.at.isoformat().replace("+00:00", "Z"),
            line.count,
            *line.parts,
            *([line.others] if report.has_others else []),
            *_waited(line.waited),
        ]
        for line in report.hours
    )
    return csv_export.answer(name, head, rows)


def _inboxes(name: str, report: Report) -> Response:
    rows: Iterable[Sequence[Cell]] = (
        [line.inbox.id, line.inbox.name, line.count, *_waited(line.waited), *_in_time(report, line.within_target)]
        for line in report.by_inbox
    )
    head = ["id", "inbox", "assigned", *WAITED, *(IN_TIME if report.within_target.of else ())]
    return csv_export.answer(name, head, rows)


def _agents(name: str, report: Report) -> Response:
    rows: Iterable[Sequence[Cell]] = ([share.id, share.name, share.by_runs, share.by_hand] for share in report.shares)
    return csv_export.answer(name, ["id", "agent", "assigned by runs", "assigned by hand"], rows)


def _waited(waited: WaitFigures | None) -> Sequence[Cell]:
    return [None, None] if waited is None else [_seconds(waited.median), _seconds(waited.ninetieth)]


def _in_time(report: Report, level: WithinTarget) -> Sequence[Cell]:
    """Return an inbox's service level where any inbox of the report has one."""
    return [level.met, level.of] if report.within_target.of else []


def _seconds(wait: Wait) -> Cell:
    seconds = round(wait.lasted_for.total_seconds(), 3)
    return f"{wait.bound} {seconds:.0f}" if wait.bound else seconds


WAITED_IN_HOUR = ("half waited at most (s)", "nine of ten waited at most (s)")
WAITED = ("half waited at most (s, within 5 %)", "nine of ten waited at most (s, within 5 %)")
IN_TIME = ("assigned within target", "assigned or overdue, with a target")
SHEETS: dict[str, Callable[[str, Report], Response]] = {"hours": _hours, "inboxes": _inboxes, "agents": _agents}
