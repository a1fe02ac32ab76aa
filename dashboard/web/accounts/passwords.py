"""The viewer's own password and tokens."""

from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import unit_of_work
from dashboard.services.accounts import sessions, tokens
from dashboard.services.accounts.account_forms import PasswordForm
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.store.accounts import tokens_page as store
from dashboard.web.accounts import login_throttle
from dashboard.web.core import form_input, urls
from dashboard.web.core.auth import log_in, viewer
from dashboard.web.core.blueprints import pages_of

NOT_THE_SAME = "The two passwords are different."
pages = pages_of("passwords")


@pages.get("/settings/password")
def show() -> ResponseReturnValue:
    """Show the form for a new password."""
    return _page()


@pages.post("/settings/password")
@login_throttle.limiter.limit(login_throttle.PER_ADDRESS, key_func=lambda: f"password of {viewer().user_id}")
def change() -> ResponseReturnValue:
    """Change the password; this session continues, all others end."""
    wanted = form_input.load(PasswordForm(), {name: request.form.get(name, "") for name in ("current", "password")})
    if not isinstance(wanted, Invalid) and request.form.get("again") != wanted.password:
        wanted = invalid("again", NOT_THE_SAME)
    if not isinstance(wanted, Invalid):
        wanted = sessions.change_password(unit_of_work(), viewer(), wanted, now=clock.now())
    if isinstance(wanted, Invalid):
        return _page(errors=wanted.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    if wanted is None:
        abort(HTTPStatus.NOT_FOUND)
    log_in(wanted)
    flash("Your password was changed. You have been logged out everywhere else.")
    return redirect(urls.wanted(url_for("web.passwords.show")), HTTPStatus.SEE_OTHER)


@pages.post("/settings/password/tokens/<int:token_id>/revocation")
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Revoke one of the viewer's own tokens."""
    if not tokens.revoke_own(unit_of_work(), viewer(), token_id, now=clock.now()):
        abort(HTTPStatus.NOT_FOUND)
    flash("The token was revoked.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.post("/settings/password/tokens/revocation")
def revoke_all_tokens() -> ResponseReturnValue:
    """Revoke all of the viewer's own tokens."""
    tokens.revoke_all_own(unit_of_work(), viewer(), now=clock.now())
    flash("All your tokens were revoked.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def _too_often(error: Exception) -> ResponseReturnValue:
    """Show the form again, with the time to wait."""
    seconds = login_throttle.seconds_left()
    said = {"current": (f"Too many attempts. Nothing was checked; try again in {seconds} seconds.",)}
    return _page(errors=said), HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(seconds)}


def _page(**more: Any) -> str:
    context = {
        "errors": {},
        "wanted": request.values.get("next", ""),
        "tokens": store.of_user(unit_of_work().session, viewer().account_id, viewer().user_id),
        "now": clock.now(),
    }
    return render_template("passwords/show.html", **{**context, **more})
