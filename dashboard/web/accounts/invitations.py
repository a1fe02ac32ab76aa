"""Invitations, as the person sees them who opens the link."""

from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import invitations
from dashboard.services.accounts.account_forms import ChosenPasswordForm
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.store.accounts import tokens_page
from dashboard.store.accounts.sessions import Viewer
from dashboard.web.accounts import login_throttle
from dashboard.web.accounts.passwords import NOT_THE_SAME
from dashboard.web.core import auth, form_input
from dashboard.web.core.blueprints import pages_of

pages = pages_of("invitations", public=True)


@pages.get("/invitations/<token>")
@login_throttle.limiter.limit(login_throttle.PER_SOURCE)
def show(token: str) -> ResponseReturnValue:
    """Show who invites; a look uses the link up no more than a mail scanner's does."""
    return _shown(token)


@pages.post("/invitations/<token>")
@login_throttle.limiter.limit(login_throttle.PER_SOURCE)
def accept(token: str) -> ResponseReturnValue:
    """Come in: with the log-in that one has, or with a new password."""
    is_anew = not current_user.is_authenticated
    done = _accepted_anew(token) if is_anew else _accepted(token)
    if isinstance(done, Invalid):
        return _shown(token, errors=done.errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if isinstance(done, Conflict):
        return _shown(token, status=HTTPStatus.CONFLICT)
    if done is None:
        return _gone()
    auth.log_in(done)
    # A new password ends no token: whoever has some looks at them first.
    has_tokens = is_anew and tokens_page.of_user(unit_of_work().session, done.account_id, done.user_id)
    return redirect(url_for("web.passwords.show" if has_tokens else "web.board.show"), HTTPStatus.SEE_OTHER)


def _accepted(token: str) -> Viewer | Conflict | None:
    return finished(invitations.accept(unit_of_work(), token, auth.viewer(), now=clock.now()))


def _accepted_anew(token: str) -> Viewer | Invalid | None:
    wanted = form_input.load(ChosenPasswordForm(), {"password": request.form.get("password", "")})
    if not isinstance(wanted, Invalid) and request.form.get("again") != wanted.password:
        wanted = invalid("again", NOT_THE_SAME)
    if isinstance(wanted, Invalid):
        return wanted
    found = finished(invitations.accept_anew(unit_of_work(), token, wanted.password, now=clock.now()))
    if found:
        auth.recognise([found])
    return found


def _shown(token: str, *, status: int = HTTPStatus.OK, **more: Any) -> ResponseReturnValue:
    invited = invitations.find(unit_of_work(), token, now=clock.now())
    if invited is None:
        return _gone()
    viewer = auth.viewer() if current_user.is_authenticated else None
    refusal = invitations.refusal(unit_of_work(), invited, viewer) if viewer else None
    context = {"token": token, "invited": invited, "viewer": viewer, "refusal": refusal, "errors": {}, **more}
    return render_template("invitations/show.html", **context), status


def _gone() -> ResponseReturnValue:
    return render_template("invitations/gone.html"), HTTPStatus.NOT_FOUND
