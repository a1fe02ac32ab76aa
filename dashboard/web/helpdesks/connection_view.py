"""A connection's page: the part that is refreshed while it is open, and the forms beside it that are not (C21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import abort, request

from dashboard.engine.model import ConnectionMode
from dashboard.http import unit_of_work
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import inbox_modes, reports
from dashboard.services.helpdesks.connecting.inbox_modes import InboxView
from dashboard.services.helpdesks.connecting.reports import ConnectionReport
from dashboard.store.core.paging import Listed, Page
from dashboard.store.helpdesks import shadow_decisions
from dashboard.store.helpdesks.events import EventView
from dashboard.store.helpdesks.pages.list_page import ConnectionCounts
from dashboard.store.helpdesks.pages.page import Percentiles
from dashboard.store.helpdesks.shadow_decisions import ShadowReport
from dashboard.store.helpdesks.writing import failed_writes
from dashboard.store.helpdesks.writing.connection_conflicts import ConflictView
from dashboard.store.helpdesks.writing.failed_writes import FailedWrite
from dashboard.web.audit.edit_forms import there
from dashboard.web.core import form_input
from dashboard.web.core.auth import viewer
from dashboard.web.helpdesks.finding import counted

CONFLICTS, FAILED, EVENTS = 10, 20, 50
MOST_EVENTS = 200
FAILED_OVER = timedelta(hours=24)
SHADOW_OVER = timedelta(days=7)
NOT_SYNCED = "The first sync has not ended."
OWN_IS_ON = "{} itself assigns there: two engines would fight."
GONE = "It is gone in the helpdesk."
ALL_MODES = tuple(ConnectionMode)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLine:
    """An inbox with its mode; `blocked` says why it cannot go live."""

    view: InboxView
    blocked: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LagLine:
    """One part of the way of an assignment."""

    label: str
    lasted: Percentiles | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The shadow report of one inbox, beside the others that have one."""

    chosen: InboxView
    others: Sequence[InboxView]
    report: ShadowReport


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionView:
    """Everything of a connection's page that is drawn anew while it is open."""

    told: ConnectionReport
    label: str
    counts: ConnectionCounts
    inboxes: Sequence[InboxLine]
    lag: Sequence[LagLine]
    conflicts: Listed[ConflictView]
    failed: Sequence[FailedWrite]
    shadow: Comparison | None
    has_webhooks: bool
    as_of: datetime


def view(connection_id: int, now: datetime) -> ConnectionView:
    """Return the page's present content; ends the request with 404 for an unknown connection or another account's."""
    work, account_id = unit_of_work(), viewer().account_id
    told = reports.show(work, account_id, connection_id, now=now) or abort(HTTPStatus.NOT_FOUND)
    inboxes = there(inbox_modes.show(work, account_id, connection_id))
    adapter, lag = ADAPTERS[told.row.kind], told.report.lag
    return ConnectionView(
        told=told,
        label=adapter.label,
        counts=counted(connection_id),
        inboxes=[InboxLine(view=one, blocked=_blocked(told, one)) for one in inboxes],
        lag=(
            LagLine(label="created → decided", lasted=lag.decided),
            LagLine(label="decided → written", lasted=lag.written),
            LagLine(label="written → confirmed", lasted=lag.confirmed),
        ),
        conflicts=there(reports.show_conflicts(work, account_id, connection_id, Page(per_page=CONFLICTS))),
        failed=failed_writes.newest(work.session, connection_id, since=now - FAILED_OVER, most=FAILED),
        shadow=_shadow(inboxes, now),
        has_webhooks=adapter.features.webhooks,
        as_of=now,
    )


def events(connection_id: int) -> Listed[EventView]:
    """Return a page of the last events."""
    page = min(form_input.page_in(request.args, "events"), MOST_EVENTS // EVENTS)
    wanted = Page(page=page, per_page=EVENTS)
    return there(reports.show_events(unit_of_work(), viewer().account_id, connection_id, wanted))


def event_pages(found: Listed[EventView]) -> int:
    """Return the number of pages of events that are shown at all."""
    return min(found.meta.last_page, MOST_EVENTS // EVENTS)


def shadow_asked() -> str | None:
    """Return the inbox of the requested shadow report."""
    return request.values.get("shadow") or None


def _blocked(told: ConnectionReport, inbox: InboxView) -> str | None:
    if inbox.is_gone:
        return GONE
    if not told.row.is_imported or inbox.inbox_id is None:
        return NOT_SYNCED
    return OWN_IS_ON.format(ADAPTERS[told.row.kind].label) if inbox.own_assignment else None


def _shadow(inboxes: Sequence[InboxView], now: datetime) -> Comparison | None:
    """Compare the chosen inbox, else the first one in shadow; a live one keeps its last report when asked for."""
    known = [one for one in inboxes if one.inbox_id is not None and one.mode is not ConnectionMode.OFF]
    first = next((one for one in known if one.mode is ConnectionMode.SHADOW), None)
    chosen = next((one for one in known if one.external_id == shadow_asked()), first)
    if chosen is None or chosen.inbox_id is None:
        return None
    session, account_id = unit_of_work().session, viewer().account_id
    report = shadow_decisions.report(session, account_id, chosen.inbox_id, since=now - SHADOW_OVER, until=now)
    in_shadow = [one for one in known if one.mode is ConnectionMode.SHADOW]
    return Comparison(chosen=chosen, others=in_shadow, report=report)
