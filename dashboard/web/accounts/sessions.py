"""Logging in and out."""

from http import HTTPStatus

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import clock
from dashboard.http import unit_of_work
from dashboard.services.accounts import sessions as services
from dashboard.web.accounts import login_throttle
from dashboard.web.core import auth, urls
from dashboard.web.core.blueprints import pages_of

WRONG = "The address or the password is not right."
pages = pages_of("sessions", public=True)


@pages.get("/login")
def new() -> ResponseReturnValue:
    """Show the form."""
    if current_user.is_authenticated:
        return redirect(urls.wanted(), HTTPStatus.SEE_OTHER)
    return _form()


@pages.post("/login")
@login_throttle.limiter.limit(login_throttle.PER_SOURCE)
@login_throttle.limiter.limit(login_throttle.PER_ADDRESS, key_func=login_throttle.address_tried)
def create() -> ResponseReturnValue:
    """Log in; the answer does not reveal whether the address exists."""
    attempt = login_throttle.attempt()
    if left := attempt.begin():
        return _wait(left)
    found = services.log_in(unit_of_work(), request.form.get("email", ""), request.form.get("password", ""))
    if not found:
        attempt.fail()
        return _form(error=WRONG), HTTPStatus.UNPROCESSABLE_ENTITY
    attempt.succeed(found)
    auth.recognise(found)
    if len(found) > 1:
        return redirect(url_for("web.memberships.index", next=urls.wanted()), HTTPStatus.SEE_OTHER)
    services.enter(unit_of_work(), found[0], now=clock.now())
    unit_of_work().finish()
    return redirect(urls.wanted(), HTTPStatus.SEE_OTHER)


@pages.post("/logout")
def destroy() -> ResponseReturnValue:
    """Log out of this session only."""
    auth.log_out()
    return redirect(urls.wanted(url_for("web.sessions.new")), HTTPStatus.SEE_OTHER)


@pages.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def _too_often(error: Exception) -> ResponseReturnValue:
    """Show the form again, with the time to wait."""
    return _wait(login_throttle.seconds_left())


def _wait(seconds: int) -> ResponseReturnValue:
    headers = {"Retry-After": str(seconds)}
    return _form(error=login_throttle.sentence(seconds)), HTTPStatus.TOO_MANY_REQUESTS, headers


def _form(error: str | None = None) -> str:
    return render_template(
        "sessions/new.html", error=error, email=request.form.get("email", ""), wanted=request.values.get("next", "")
    )
