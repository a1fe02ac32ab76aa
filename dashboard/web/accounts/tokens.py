"""API tokens: created, shown once, and revoked."""

from datetime import date
from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import tokens
from dashboard.services.accounts.account_forms import TokenForm
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.store.accounts import tokens_page as store
from dashboard.store.core.paging import Page
from dashboard.store.inboxes import choices
from dashboard.web.core import form_input, timezones
from dashboard.web.core.auth import actor_kwargs, administrators_only, viewer
from dashboard.web.core.blueprints import pages_of

PER_PAGE = 50
NO_DATE = "Not a date."
pages = pages_of("tokens")


@pages.get("/settings/tokens")
@administrators_only
def index() -> ResponseReturnValue:
    """List the tokens."""
    return _page()


@pages.post("/settings/tokens")
@administrators_only
def create() -> ResponseReturnValue:
    """Create a token. The answer is the page, because no later page can show the token."""
    said = _said()
    wanted = said if isinstance(said, Invalid) else form_input.load(TokenForm(), said)
    made = (
        wanted
        if isinstance(wanted, Invalid)
        else finished(tokens.create(unit_of_work(), viewer().account_id, wanted, **actor_kwargs()))
    )
    if isinstance(made, Conflict):
        abort(HTTPStatus.CONFLICT)
    if isinstance(made, Invalid):
        return _page(errors=made.errors, typed=request.form), HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(fresh=made), HTTPStatus.CREATED


@pages.post("/settings/tokens/<int:token_id>/revocation")
@administrators_only
def revoke(token_id: int) -> ResponseReturnValue:
    """Revoke a token."""
    if not finished(tokens.revoke(unit_of_work(), viewer().account_id, token_id, **actor_kwargs())):
        abort(HTTPStatus.NOT_FOUND)
    flash("The token was revoked: programs that use it are refused from now on.")
    return redirect(url_for("web.tokens.index"), HTTPStatus.SEE_OTHER)


def _said() -> dict[str, Any] | Invalid:
    """Return the typed values; a token is valid to the end of its last day."""
    said: dict[str, Any] = {"name": request.form.get("name", ""), "user_id": form_input.whole("user_id")}
    if last := form_input.text("last_day"):
        try:
            said["expires_at"] = timezones.ends(date.fromisoformat(last)).isoformat()
        except (ValueError, OverflowError):
            return invalid("expires_at", NO_DATE)
    return said


def _page(**more: Any) -> str:
    account_id, session = viewer().account_id, unit_of_work().session
    found = store.page_of(session, account_id, Page(page=form_input.page_in(request.args), per_page=PER_PAGE))
    context = {
        "found": found,
        "agents": choices.agents(session, account_id),
        "now": clock.now(),
        "fresh": None,
        "zone": timezones.name(),
        "errors": {},
        "typed": {},
    }
    return render_template("tokens/index.html", **{**context, **more})
