"""The account: its name, and the switch of all its inboxes."""

from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import AccountEdit, AccountForm
from dashboard.services.core.refusals import Invalid
from dashboard.store.accounts import settings_pages as store
from dashboard.store.accounts.accounts import AccountRow
from dashboard.web.audit.edit_forms import About, editing, refused
from dashboard.web.core import form_input
from dashboard.web.core.auth import actor_kwargs, administrators_only, supervisors_only, viewer
from dashboard.web.core.blueprints import pages_of

pages = pages_of("accounts")


@pages.get("/settings")
@supervisors_only
def show() -> ResponseReturnValue:
    """Show the account."""
    return _page()


@pages.post("/settings/name")
@administrators_only
def rename() -> ResponseReturnValue:
    """Change the account's name."""
    account_id = viewer().account_id
    done = form_input.load(AccountForm(), {"name": request.form.get("name", "")})
    if not isinstance(done, Invalid):
        done = finished(accounts.change(unit_of_work(), account_id, done, **editing()))
    if isinstance(done, Invalid):
        answer = refused(done, About("account", account_id))
        return _page(errors=answer.errors, typed=request.form), answer.status
    flash("The name was saved.")
    return redirect(url_for("web.accounts.show"), HTTPStatus.SEE_OTHER)


@pages.post("/settings/assignment")
@supervisors_only
def switch() -> ResponseReturnValue:
    """Switch assignment on or off for the whole account (E1)."""
    on = request.form.get("on") == "on"
    finished(accounts.change(unit_of_work(), viewer().account_id, AccountEdit(assignment_v2=on), **actor_kwargs()))
    flash("Assignment is switched on." if on else "Assignment is switched off: no conversations are assigned any more.")
    return redirect(url_for("web.accounts.show"), HTTPStatus.SEE_OTHER)


def _page(**more: Any) -> str:
    account_id = viewer().account_id
    routed = store.routed(unit_of_work().session, account_id)
    return render_template(
        "accounts/show.html", **{"account": _account(), "routed": routed, "errors": {}, "typed": {}, **more}
    )


def _account() -> AccountRow:
    return accounts.show(unit_of_work(), viewer().account_id) or abort(HTTPStatus.NOT_FOUND)
