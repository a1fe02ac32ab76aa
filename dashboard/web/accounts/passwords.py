"""One's own password."""

from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import sessions, tokens
from dashboard.services.accounts.account_forms import PasswordForm
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.store.accounts import tokens_page as store
from dashboard.web.accounts import login_throttle
from dashboard.web.core import form_input, urls
from dashboard.web.core.auth import log_in, viewer
from dashboard.web.core.blueprints import pages_of

NOT_THE_SAME = "This is not what stands in the field above."
pages = pages_of("passwords")


@pages.get("/settings/password")
def show() -> ResponseReturnValue:
    """Show the form for another password."""
    return _page()


@pages.post("/settings/password")
@login_throttle.limiter.limit(login_throttle.PER_ADDRESS, key_func=lambda: f"password of {viewer().user_id}")
def change() -> ResponseReturnValue:
    """Choose another password; this session goes on, all others end."""
    wanted = form_input.load(PasswordForm(), {name: request.form.get(name, "") for name in ("current", "password")})
    if not isinstance(wanted, Invalid) and request.form.get("again") != wanted.password:
        wanted = invalid("again", NOT_THE_SAME)
    if not isinstance(wanted, Invalid):
        wanted = finished(sessions.change_password(unit_of_work(), viewer(), wanted, now=clock.now()))
    if isinstance(wanted, Invalid):
        return _page(errors=wanted.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    if wanted is None:
        abort(HTTPStatus.NOT_FOUND)
    log_in(wanted)
    flash("Your password is changed. Your other sessions have ended.")
    return redirect(urls.wanted(url_for("web.passwords.show")), HTTPStatus.SEE_OTHER)


@pages.post("/settings/password/tokens/<int:token_id>/revocation")
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Let one of one's own tokens open nothing any more."""
    if not finished(tokens.revoke_own(unit_of_work(), viewer(), token_id, now=clock.now())):
        abort(HTTPStatus.NOT_FOUND)
    flash("The token is revoked.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.post("/settings/password/tokens/revocation")
def revoke_all_tokens() -> ResponseReturnValue:
    """Let none of one's own tokens open anything any more."""
    tokens.revoke_all_own(unit_of_work(), viewer(), now=clock.now())
    unit_of_work().finish()
    flash("All your tokens are revoked.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def _too_often(error: Exception) -> ResponseReturnValue:
    """Show the form again, and say when it will help."""
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
