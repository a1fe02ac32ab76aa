"""The viewer's own password and tokens."""

from http import HTTPStatus
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import sessions, tokens
from dashboard.services.accounts.account_forms import PasswordForm
from dashboard.services.core.form import Form
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.store.accounts import tokens_page as store
from dashboard.web.accounts import login_throttle
from dashboard.web.core import form_input, urls
from dashboard.web.core.auth import log_in, viewer
from dashboard.web.core.blueprints import pages_of

NOT_THE_SAME = "The two passwords are different."
pages = pages_of("passwords")


def typed(form: Form) -> Any:
    """Return what the form makes of the fields, or what is wrong: a new password is typed twice."""
    wanted = form_input.load(form, {name: request.form.get(name, "") for name in form.fields})
    if isinstance(wanted, Invalid) or request.form.get("again") == wanted.password:
        return wanted
    return invalid("again", NOT_THE_SAME)


@pages.get("/settings/password")
def show() -> ResponseReturnValue:
    """Show the form for a new password."""
    return _page()


@pages.post("/settings/password")
@login_throttle.own_password
def change() -> ResponseReturnValue:
    """Change the password; this session continues, all others end."""
    wanted = typed(PasswordForm())
    if not isinstance(wanted, Invalid):
        wanted = finished(sessions.change_password(unit_of_work(), viewer(), wanted, now=clock.now()))
    if isinstance(wanted, Invalid):
        return _page(errors=wanted.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    here = [one for one in wanted if one.key == viewer().key]
    if not here:
        abort(HTTPStatus.NOT_FOUND)
    log_in(here[0], opened=wanted)
    flash("Your password was changed. You have been logged out everywhere else.")
    return redirect(urls.wanted(url_for("web.passwords.show")), HTTPStatus.SEE_OTHER)


@pages.post("/settings/password/tokens/<int:token_id>/revocation")
def revoke_token(token_id: int) -> ResponseReturnValue:
    """Revoke one of the viewer's own tokens."""
    if not finished(tokens.revoke_own(unit_of_work(), viewer(), token_id, now=clock.now())):
        abort(HTTPStatus.NOT_FOUND)
    flash("The token was revoked.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.post("/settings/password/tokens/revocation")
def revoke_all_tokens() -> ResponseReturnValue:
    """Revoke all of the viewer's own tokens."""
    tokens.revoke_all_own(unit_of_work(), viewer(), now=clock.now())
    unit_of_work().finish()
    flash("All your tokens were revoked.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def _too_often(error: Exception) -> ResponseReturnValue:
    """Show the form again, with the time to wait."""
    headers = {"Retry-After": str(login_throttle.seconds_left())}
    return (
        _page(errors={"current": (login_throttle.sentence(login_throttle.seconds_left()),)}),
        HTTPStatus.TOO_MANY_REQUESTS,
        headers,
    )


def _page(**more: Any) -> str:
    context = {
        "errors": {},
        "wanted": request.values.get("next", ""),
        "tokens": store.of_user(unit_of_work().session, viewer().account_id, viewer().user_id),
        "now": clock.now(),
    }
    return render_template("passwords/show.html", **{**context, **more})
