"""Alerts: open and past ones, beside their rules and channels."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from dashboard.http import unit_of_work
from dashboard.services.alerts import alerts, channels, rules
from dashboard.services.alerts.alert_forms import AlertRuleEdit
from dashboard.services.alerts.kinds import KINDS, AlertKind, entry_of
from dashboard.store.core.paging import Page
from dashboard.store.inboxes import choices
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 25
# The rules and the channels stand on one page each.
ALL = Page(page=1, per_page=200)
PART = "alerts/_channels.html"
NEW = AlertRuleEdit(
    kind=AlertKind.OLDEST_WAIT, threshold=None, minutes=None, inbox_id=None, channel_ids=(), enabled=True
)
pages = pages_of("alerts")


@pages.get("/alerts")
@supervisors_only
def index() -> ResponseReturnValue:
    """Show the alerts, their rules, and their channels; for htmx only the channels, whose tests may have ended."""
    return render_template(PART, **channel_context()) if htmx.is_htmx() else page()


def page(**more: Any) -> str:
    """Return the whole page, with what a refused form had."""
    work, account_id = unit_of_work(), viewer().account_id
    wanted = Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    context = {
        **channel_context(),
        **rule_choices(),
        "alerts": alerts.show_all(work, account_id, wanted),
        "open_alerts": alerts.open_ones(work, account_id),
        "rules": rules.show_all(work, account_id, ALL).data,
        "entry_of": entry_of,
        "fields": NEW,
        "errors": {},
        "name": "",
        "channel_errors": {},
    }
    return render_template("alerts/index.html", **{**context, **more})


def rule_choices() -> dict[str, Any]:
    """Return the choices of a rule's form."""
    named = choices.inboxes(unit_of_work().session, viewer().account_id)
    return {
        "kinds": KINDS,
        "inboxes": named,
        "inbox_names": {one.id: one.name for one in named},
        "channels": channels.show_all(unit_of_work(), viewer().account_id, ALL).data,
    }


def channel_context() -> dict[str, Any]:
    """Return the channels, with their newest results."""
    found = channels.show_all(unit_of_work(), viewer().account_id, ALL).data
    pending = any(one.last and one.last.ok is None for one in found)
    return {"channels": found, "channel_names": {one.id: one.name for one in found}, "pending": pending}
