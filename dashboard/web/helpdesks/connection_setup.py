"""The steps that set up a connection. Each is stored as it is done, so that anybody may go on later."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import ConnectionMode
from dashboard.helpdesks.values import Check
from dashboard.http import finished, own_address, unit_of_work
from dashboard.services.core.form import UNSET, Unset
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import checks as checking
from dashboard.services.helpdesks.connecting import connections, inbox_modes
from dashboard.services.helpdesks.connecting.connection_forms import ConnectionChange, ExternalKey, InboxModeEdit
from dashboard.services.helpdesks.connecting.inbox_modes import InboxView
from dashboard.store.helpdesks import directory
from dashboard.web.audit.edit_forms import there
from dashboard.web.core import htmx
from dashboard.web.core.auth import actor_kwargs, administrators_only, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.helpdesks import connection_agents, connection_list, connection_text, steps
from dashboard.web.helpdesks.finding import counted, found
from dashboard.web.helpdesks.kind_text import KINDS

# What the line about the webhook shows until one has arrived.
WAITS = "waits"
AT = "/settings/connections/<int:connection_id>"
pages = pages_of("connections_setup")


@pages.get(f"{AT}/checks")
@administrators_only
def checks(connection_id: int) -> ResponseReturnValue:
    """Show the checks before they are made: a browser with scripts makes them at once."""
    return _step("checks", connection_id, found_checks=None)


@pages.post(f"{AT}/checks")
@administrators_only
def check(connection_id: int) -> ResponseReturnValue:
    """Call the helpdesk, and show the findings."""
    found(connection_id)
    made = checking.run(unit_of_work(), viewer().account_id, connection_id, base=own_address(), clock=clock.now)
    return _checked(connection_id, made or ())


@pages.get(f"{AT}/checks/webhook")
@administrators_only
def webhook(connection_id: int) -> ResponseReturnValue:
    """Show that a webhook has arrived; the line asks again until one has."""
    row = found(connection_id)
    if row.last_webhook_at is None and htmx.client_version() == WAITS:
        return htmx.unchanged()
    return htmx.fragment("connections/_webhook_seen.html", connection=row, fix=None)


@pages.post(f"{AT}/credentials")
@administrators_only
def credentials(connection_id: int) -> ResponseReturnValue:
    """Replace the credentials, and check again."""
    kind = found(connection_id).kind
    edit = ConnectionChange(credentials=connection_list.credentials_typed(kind))
    made = finished(connections.change(unit_of_work(), viewer().account_id, connection_id, edit, **actor_kwargs()))
    if isinstance(made, Invalid):
        page = _step("checks", connection_id, found_checks=None, errors=made.errors)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    flash("The credentials were saved.")
    return redirect(steps.address(connection_id, "checks"), HTTPStatus.SEE_OTHER)


@pages.get(f"{AT}/inboxes")
@administrators_only
def inboxes(connection_id: int) -> ResponseReturnValue:
    """Show the helpdesk's inboxes, with the numbers of waiting conversations."""
    return _step("inboxes", connection_id, inboxes=_inboxes(connection_id), groups=_groups(connection_id))


@pages.post(f"{AT}/inboxes")
@administrators_only
def choose(connection_id: int) -> ResponseReturnValue:
    """Watch the ticked inboxes in shadow, and no others; a live one stays live."""
    chosen = set(request.form.getlist("inbox"))
    for inbox in _inboxes(connection_id):
        wanted = _edit(inbox, is_chosen=inbox.external_id in chosen)
        if wanted is not None and isinstance(changed := _change(connection_id, inbox, wanted), Conflict | Invalid):
            return _refused("inboxes", connection_id, changed, groups=_groups(connection_id))
    return redirect(steps.address(connection_id, "agents"), HTTPStatus.SEE_OTHER)


@pages.get(f"{AT}/agents")
@administrators_only
def agents(connection_id: int) -> ResponseReturnValue:
    """Show the people there, and the agents proposed by their addresses."""
    return connection_agents.shown(connection_id)


@pages.get(f"{AT}/own_assignment")
@administrators_only
def own_assignment(connection_id: int) -> ResponseReturnValue:
    """Show where the helpdesk itself assigns."""
    return _step("own_assignment", connection_id, inboxes=_inboxes(connection_id))


@pages.post(f"{AT}/own_assignment")
@administrators_only
def switch_off(connection_id: int) -> ResponseReturnValue:
    """Switch the helpdesk's own assignment off in one inbox and its teams; disconnecting switches it on again."""
    named = request.form.get("external_id")
    inbox = next((one for one in _inboxes(connection_id) if one.external_id == named), None)
    changed = _change(connection_id, inbox, InboxModeEdit(own_assignment=False)) if inbox else None
    if isinstance(changed, Conflict | Invalid):
        return _refused("own_assignment", connection_id, changed)
    flash(f"{there(changed).name}: the helpdesk assigns nothing there any more.")
    back = request.form.get("back") == "page"
    place = url_for("web.connections.show", connection_id=connection_id)
    return redirect(place if back else steps.address(connection_id, "own_assignment"), HTTPStatus.SEE_OTHER)


@pages.get(f"{AT}/sync")
@administrators_only
def sync(connection_id: int) -> ResponseReturnValue:
    """Show how far the first sync has come; the fragment asks again until it has ended."""
    if not htmx.is_htmx():
        return _step("sync", connection_id, inboxes=_inboxes(connection_id), progress=_progress(connection_id))
    row = found(connection_id)
    return htmx.fragment(
        "connections/_progress.html",
        connection=row,
        progress=connection_text.progress(row, clock.now()),
        inboxes=_inboxes(connection_id),
    )


def _checked(connection_id: int, made: Sequence[Check]) -> ResponseReturnValue:
    if not htmx.is_htmx():
        return _step("checks", connection_id, found_checks=made)
    return htmx.fragment("connections/_checks.html", **_context("checks", connection_id), found_checks=made)


def _step(noun: str, connection_id: int, **more: Any) -> str:
    return render_template("connections/step.html", **{**_context(noun, connection_id), **more})


def _context(noun: str, connection_id: int) -> dict[str, Any]:
    row, counts = found(connection_id), counted(connection_id)
    return {
        "connection": row,
        "adapter": ADAPTERS[row.kind],
        "text": KINDS[row.kind],
        "step": steps.BY_NOUN[noun],
        "links": steps.links(row, counts, noun),
        "counts": counts,
        "errors": {},
        "now": clock.now(),
    }


def _refused(noun: str, connection_id: int, refusal: Conflict | Invalid, **more: Any) -> ResponseReturnValue:
    said = (refusal.sentence,) if isinstance(refusal, Conflict) else tuple(*refusal.errors.values())
    status = HTTPStatus.CONFLICT if isinstance(refusal, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY
    more |= {"inboxes": _inboxes(connection_id), "errors": {"helpdesk": said}}
    return _step(noun, connection_id, **more), status


def _inboxes(connection_id: int) -> Sequence[InboxView]:
    return there(inbox_modes.show(unit_of_work(), viewer().account_id, connection_id))


def _groups(connection_id: int) -> Sequence[directory.TeamLink]:
    """Return the groups that may take an inbox's conversations, where the helpdesk has such."""
    if not ADAPTERS[found(connection_id).kind].has_groups:
        return ()
    teams = directory.read(unit_of_work().session, connection_id).teams.values()
    return sorted((team for team in teams if team.gone_at is None), key=lambda team: team.name.casefold())


def _edit(inbox: InboxView, *, is_chosen: bool) -> InboxModeEdit | None:
    """Return the form's changes to an inbox; None without any."""
    typed = request.form.get(f"group-{inbox.external_id}")
    group: str | Unset | None = UNSET if typed is None or typed == (inbox.group or "") else typed or None
    was_chosen = inbox.mode is not ConnectionMode.OFF
    if was_chosen == is_chosen:
        return None if group is UNSET else InboxModeEdit(group=group)
    return InboxModeEdit(mode=ConnectionMode.SHADOW if is_chosen else ConnectionMode.OFF, group=group)


def _change(connection_id: int, inbox: InboxView, edit: InboxModeEdit) -> InboxView | Invalid | Conflict | None:
    key = ExternalKey(connection_id=connection_id, external_id=inbox.external_id)
    base, who = own_address(), viewer()
    return finished(
        inbox_modes.change(unit_of_work(), who.account_id, key, edit, base=base, actor_id=who.user_id, clock=clock.now)
    )


def _progress(connection_id: int) -> connection_text.Progress:
    return connection_text.progress(found(connection_id), clock.now())
