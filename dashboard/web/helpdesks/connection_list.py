"""The list of connections, and the first step of a new one."""

from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.helpdesks.values import HelpdeskKind
from dashboard.http import finished, unit_of_work
from dashboard.services.core.refusals import Invalid
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import connections
from dashboard.services.helpdesks.connecting.connection_forms import ConnectionForm
from dashboard.services.helpdesks.connecting.connections import ConnectionRow
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks.pages import list_page
from dashboard.web.core import form_input
from dashboard.web.core.auth import actor_kwargs, administrators_only, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of
from dashboard.web.helpdesks import steps
from dashboard.web.helpdesks.kind_text import KINDS

PER_PAGE = 50
pages = pages_of("connections_list")


@pages.get("/settings/connections")
@supervisors_only
def index() -> ResponseReturnValue:
    """List the connections."""
    wanted = Page(page=form_input.page_in(request.args), per_page=PER_PAGE)
    rows = connections.show_all(unit_of_work(), viewer().account_id, wanted)
    counts = list_page.counts(unit_of_work().session, [row.id for row in rows.data])
    goes_on = {row.id: steps.next_address(row, counts[row.id]) for row in rows.data if not row.is_imported}
    return render_template("connections/index.html", found=rows, counts=counts, goes_on=goes_on, now=clock.now())


@pages.get("/settings/connections/new")
@administrators_only
def new() -> ResponseReturnValue:
    """Show the first step: which helpdesk, its address, and how to log in there."""
    return _new({name: request.args.get(name, "") for name in ("kind", "name", "url")})


@pages.post("/settings/connections")
@administrators_only
def create() -> ResponseReturnValue:
    """Create a connection, and go on to its checks; the helpdesk is not called yet."""
    edit = form_input.load(ConnectionForm(), _typed())
    made: ConnectionRow | Invalid = (
        edit
        if isinstance(edit, Invalid)
        else finished(connections.create(unit_of_work(), viewer().account_id, edit, **actor_kwargs()))
    )
    if isinstance(made, Invalid):
        return _new(request.form, errors=made.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(steps.address(made.id, "checks"), HTTPStatus.SEE_OTHER)


def credentials_typed(kind: str) -> dict[str, str]:
    """Return the typed credentials of this kind; a field of another kind was not meant."""
    fields = ADAPTERS[HelpdeskKind(kind)].fields if kind in tuple(HelpdeskKind) else ()
    typed = {one.name: request.form.get(f"credentials.{one.name}", "").strip() for one in fields}
    return {name: value for name, value in typed.items() if value}


def _typed() -> dict[str, Any]:
    kind = request.form.get("kind", "")
    named = {name: request.form.get(name, "").strip() for name in ("name", "url")}
    return {"kind": kind, **named, "credentials": credentials_typed(kind)}


def _new(typed: Any, **more: Any) -> str:
    """Render the form; a helpdesk is chosen first, because its fields are its own."""
    kind = typed.get("kind", "")
    chosen = HelpdeskKind(kind) if kind in tuple(HelpdeskKind) else None
    context = {
        "typed": typed,
        "chosen": chosen,
        "kinds": KINDS,
        "adapter": ADAPTERS[chosen] if chosen else None,
        "text": KINDS[chosen] if chosen else None,
        "steps": steps.STEPS,
        "step": steps.BY_NOUN["address"],
        "errors": {},
    }
    return render_template("connections/new.html", **{**context, **more})
