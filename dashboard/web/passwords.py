"""One's own password."""

from http import HTTPStatus

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from dashboard import clock
from dashboard.http import desk
from dashboard.services import sessions
from dashboard.services.forms.accounts import PasswordForm
from dashboard.services.refusals import Invalid, invalid
from dashboard.web import forms, throttle
from dashboard.web.blueprints import pages_of
from dashboard.web.visitors import Visitor, viewer

NOT_THE_SAME = "This is not what stands in the field above."
pages = pages_of("passwords")


@pages.get("/settings/password")
def show() -> ResponseReturnValue:
    """Show the form for another password."""
    return render_template("passwords/show.html", errors={})


@pages.post("/settings/password")
@throttle.limiter.limit(throttle.PER_ADDRESS, key_func=lambda: f"password of {viewer().user_id}")
def change() -> ResponseReturnValue:
    """Choose another password; this session goes on, all others end."""
    wanted = forms.load(PasswordForm(), {name: request.form.get(name, "") for name in ("current", "password")})
    if not isinstance(wanted, Invalid) and request.form.get("again") != wanted.password:
        wanted = invalid("again", NOT_THE_SAME)
    if not isinstance(wanted, Invalid):
        wanted = sessions.change_password(desk(), viewer(), wanted, now=clock.now())
    if isinstance(wanted, Invalid):
        return render_template("passwords/show.html", errors=wanted.errors), HTTPStatus.UNPROCESSABLE_ENTITY
    if wanted is None:
        abort(HTTPStatus.NOT_FOUND)
    login_user(Visitor(wanted))
    flash("Your password is changed. Wherever else you were logged in, you are no more.")
    return redirect(url_for("web.passwords.show"), HTTPStatus.SEE_OTHER)


@pages.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def _too_often(error: Exception) -> ResponseReturnValue:
    """Show the form again, and say when it will help."""
    seconds = throttle.seconds_left()
    said = {"current": (f"Too many attempts. Nothing was checked; try again in {seconds} seconds.",)}
    shown = render_template("passwords/show.html", errors=said)
    return shown, HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(seconds)}
