"""A connection's page, and the acts on it: settings, modes, pause, sync, secret, the question, the end (C21)."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.engine.model import ConnectionMode
from dashboard.helpdesks.values import NoteSetting
from dashboard.http import finished, own_address, unit_of_work
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import connections, disconnection, inbox_modes, receiver
from dashboard.services.helpdesks.connecting.connection_forms import (
    ConnectionChange,
    ConnectionChangeForm,
    ExternalKey,
    InboxModeEdit,
    InboxModeForm,
)
from dashboard.services.helpdesks.connecting.inbox_modes import InboxView
from dashboard.store.helpdesks.pages import list_page
from dashboard.web.audit.edit_forms import About, editing, refused, there
from dashboard.web.core import form_input, htmx
from dashboard.web.core.auth import actor_kwargs, administrators_only, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.core.live.live_version import live_version
from dashboard.web.helpdesks import connection_view
from dashboard.web.helpdesks.finding import found

AT = "/settings/connections/<int:connection_id>"
LIVE = "connections/_live.html"
MODES = {
    ConnectionMode.OFF: "{} is off: nothing is decided there any more. What is assigned stays assigned.",
    ConnectionMode.SHADOW: "{} is in shadow: Evenhand decides, and writes nothing there.",
    ConnectionMode.LIVE: "{} is live: Evenhand assigns there from now on.",
}
pages = pages_of("connections")


@pages.get(AT)
@supervisors_only
def show(connection_id: int) -> ResponseReturnValue:
    """Show a connection, or return 304 if nothing has changed since the last poll."""
    version = live_version({"connection": connection_id, "shadow": connection_view.shadow_asked()}, clock.now())
    if htmx.client_version() == str(version):
        return htmx.unchanged()
    if not htmx.is_htmx():
        return _page(connection_id)
    answer = htmx.fragment(LIVE, **_live(connection_id, clock.now()))
    answer.headers["HX-PTag"] = str(version)
    return answer


@pages.post(AT)
@administrators_only
def update(connection_id: int) -> ResponseReturnValue:
    """Change a connection's name and how Evenhand behaves towards it."""
    found(connection_id)
    edit = form_input.load(ConnectionChangeForm(partial=True), _typed())
    changed = edit if isinstance(edit, Invalid) else _changed(connection_id, edit, **editing())
    if isinstance(changed, Invalid):
        answer = refused(changed, About("connection", connection_id))
        wanted = changed.wanted if isinstance(changed, Stale) else _typed()
        return _page(connection_id, errors=answer.errors, fields=wanted), answer.status
    flash("The connection was saved.")
    return redirect(_here(connection_id), HTTPStatus.SEE_OTHER)


@pages.post(f"{AT}/modes")
@administrators_only
def set_mode(connection_id: int) -> ResponseReturnValue:
    """Set the mode of an inbox; going live may be refused, with the reason."""
    key = ExternalKey(connection_id=connection_id, external_id=request.form.get("external_id", ""))
    edit = form_input.load(InboxModeForm(partial=True), {"mode": request.form.get("mode", "")})
    changed = edit if isinstance(edit, Invalid) else _mode_set(key, edit)
    if isinstance(changed, Conflict | Invalid):
        return _refused(connection_id, changed, where=key.external_id)
    inbox = there(changed)
    return _saved(connection_id, MODES[inbox.mode].format(inbox.name))


@pages.post(f"{AT}/pause")
@administrators_only
def pause(connection_id: int) -> ResponseReturnValue:
    """Pause all reading and writing, or end the pause."""
    paused = form_input.switched_on("paused")
    there(_changed(connection_id, ConnectionChange(paused=paused), **actor_kwargs()))
    said = "Paused: nothing is read, decided or written." if paused else "It goes on: everything is read again first."
    return _saved(connection_id, said)


@pages.post(f"{AT}/reading")
@administrators_only
def sync(connection_id: int) -> ResponseReturnValue:
    """Make every reading due at once."""
    row = there(finished(connections.sync(unit_of_work(), viewer().account_id, connection_id, **actor_kwargs())))
    return _saved(connection_id, "It is paused: resume it first." if row.paused else "Everything is read again now.")


@pages.post(f"{AT}/secret")
@administrators_only
def rotate(connection_id: int) -> ResponseReturnValue:
    """Replace the webhook's secret address over there."""
    account_id, base = viewer().account_id, own_address()
    made = finished(receiver.rotate(unit_of_work(), account_id, connection_id, base=base, **actor_kwargs()))
    if isinstance(made, Conflict):
        return _refused(connection_id, made)
    there(made)
    return _saved(connection_id, "The webhook has a new secret address; the old one is answered no more.")


@pages.post(f"{AT}/absence")
@administrators_only
def confirm_gone(connection_id: int) -> ResponseReturnValue:
    """Confirm that the missing rows are gone, or read once more (C9)."""
    act = connections.confirm_gone if request.form.get("gone") else connections.sync
    there(finished(act(unit_of_work(), viewer().account_id, connection_id, **actor_kwargs())))
    said = "The next reading takes it over." if request.form.get("gone") else "It is read once more."
    return _saved(connection_id, said)


@pages.post(f"{AT}/deletion")
@administrators_only
def destroy(connection_id: int) -> ResponseReturnValue:
    """Disconnect: put back our switches, remove the webhook, and keep or delete the mirrored rows."""
    row, keep = found(connection_id), request.form.get("keep") != "no"
    done = finished(
        disconnection.remove(unit_of_work(), viewer().account_id, connection_id, keep=keep, **actor_kwargs())
    )
    if request.form.get("again"):
        form = url_for("web.connections_list.new", kind=row.kind.value, name=row.name, url=row.url)
        return redirect(form, HTTPStatus.SEE_OTHER)
    flash(" ".join(("Disconnected.", *there(done).left)))
    return redirect(url_for("web.connections_list.index"), HTTPStatus.SEE_OTHER)


def _mode_set(key: ExternalKey, edit: InboxModeEdit) -> InboxView | Invalid | Conflict | None:
    base, who = own_address(), viewer()
    return finished(
        inbox_modes.change(unit_of_work(), who.account_id, key, edit, base=base, actor_id=who.user_id, clock=clock.now)
    )


def _changed(connection_id: int, edit: ConnectionChange, **caused: Any) -> Any:
    changed = connections.change(unit_of_work(), viewer().account_id, connection_id, edit, **caused)
    return finished(changed)


def _typed() -> dict[str, Any]:
    numbers = {name: form_input.whole(name) for name in ("quiet_seconds", "calls_per_second")}
    named = {"name": request.form.get("name", "").strip(), "note": request.form.get("note", NoteSetting.OFF.value)}
    return {**named, **numbers, "keep_names": form_input.switched_on("keep_names")}


def _here(connection_id: int) -> str:
    return url_for("web.connections.show", connection_id=connection_id, shadow=connection_view.shadow_asked())


def _saved(connection_id: int, said: str) -> ResponseReturnValue:
    return htmx.saved(LIVE, said=said, elsewhere=_here(connection_id), **_live(connection_id, clock.now()))


def _refused(connection_id: int, refusal: Conflict | Invalid, *, where: str = "") -> ResponseReturnValue:
    """Show the page with the reason; `where` names the inbox that it is about."""
    sentences = (refusal.sentence,) if isinstance(refusal, Conflict) else tuple(*refusal.errors.values())
    status = HTTPStatus.CONFLICT if isinstance(refusal, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY
    more = {"problem": " ".join(sentences), "problem_at": where}
    if htmx.is_htmx():
        return htmx.fragment(LIVE, **_live(connection_id, clock.now()), **more), status
    return _page(connection_id, **more), status


def _live(connection_id: int, now: datetime) -> dict[str, Any]:
    asked = {"connection": connection_id, "shadow": connection_view.shadow_asked()}
    shown = connection_view.view(connection_id, now)
    return {"shown": shown, "connection": shown.told.row, "version": live_version(asked, now), "now": now}


def _page(connection_id: int, **more: Any) -> str:
    now, events = clock.now(), connection_view.events(connection_id)
    live = _live(connection_id, now)
    row = live["connection"]
    context = {
        "adapter": ADAPTERS[row.kind],
        "note_kinds": [
            kind for kind in NoteSetting if kind is NoteSetting.OFF or kind in ADAPTERS[row.kind].features.note_kinds
        ],
        "fields": {},
        "events": events,
        "event_pages": connection_view.event_pages(events),
        "modes": connection_view.ALL_MODES,
        "mirrored": list_page.mirrored(unit_of_work().session, connection_id),
        "as_of": now,
        "errors": {},
    }
    return render_template("connections/show.html", **live, **{**context, **more})
