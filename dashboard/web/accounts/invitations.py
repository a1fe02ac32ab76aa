"""The pages behind an invitation's link."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from dashboard import clock
from dashboard.http import finished, unit_of_work
from dashboard.services.accounts import invitations
from dashboard.services.accounts.account_forms import ChosenPasswordForm, PasswordForm
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.store.accounts import tokens_page
from dashboard.store.accounts.sessions import Viewer
from dashboard.web.accounts import login_throttle
from dashboard.web.accounts.passwords import typed
from dashboard.web.core import auth, errors
from dashboard.web.core.blueprints import pages_of

pages = pages_of("invitations", public=True)


@pages.get("/invitations/<token>")
@login_throttle.limiter.limit(login_throttle.PER_SOURCE)
def show(token: str) -> ResponseReturnValue:
    """Show the invitation; this does not use up the link, so a mail scanner may open it."""
    return _shown(token)


@pages.post("/invitations/<token>")
@login_throttle.limiter.limit(login_throttle.PER_SOURCE)
@login_throttle.own_password
def accept(token: str) -> ResponseReturnValue:
    """Come in by a new password: of a log-in that begins with it, or of the one that one has."""
    is_anew = login_throttle.nobody_is_in()
    done = _accepted_anew(token) if is_anew else _accepted(token)
    if isinstance(done, Invalid):
        return _shown(token, errors=done.errors, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if isinstance(done, Conflict):
        return _shown(token, status=HTTPStatus.CONFLICT)
    if done is None:
        return _gone()
    if is_anew:
        auth.recognise(done)
    else:
        auth.log_in(done[0], opened=done)
    # A new password does not revoke tokens, so a person with tokens sees their list first.
    has_tokens = tokens_page.of_user(unit_of_work().session, done[0].account_id, done[0].user_id)
    return redirect(url_for("web.passwords.show" if has_tokens else "web.board.show"), HTTPStatus.SEE_OTHER)


@pages.errorhandler(HTTPStatus.TOO_MANY_REQUESTS)
def _too_often(error: HTTPException) -> ResponseReturnValue:
    """Show the form of a known person again, with the time to wait; no link is looked up for a stranger."""
    if login_throttle.nobody_is_in() or request.method == "GET":
        return errors.show(error)
    said = (login_throttle.sentence(login_throttle.seconds_left()),)
    return _shown(**(request.view_args or {}), errors={"current": said}, status=HTTPStatus.TOO_MANY_REQUESTS)


def _accepted(token: str) -> Sequence[Viewer] | Conflict | Invalid | None:
    wanted = typed(PasswordForm())
    if isinstance(wanted, Invalid):
        return wanted
    return finished(invitations.accept(unit_of_work(), token, auth.viewer(), wanted, now=clock.now()))


def _accepted_anew(token: str) -> Sequence[Viewer] | Invalid | None:
    wanted = typed(ChosenPasswordForm())
    if isinstance(wanted, Invalid):
        return wanted
    return finished(invitations.accept_anew(unit_of_work(), token, wanted.password, now=clock.now()))


def _shown(token: str, *, status: int = HTTPStatus.OK, **more: Any) -> ResponseReturnValue:
    invited = invitations.find(unit_of_work(), token, now=clock.now())
    if invited is None:
        return _gone()
    viewer = auth.viewer() if current_user.is_authenticated else None
    refusal = invitations.refusal(invited, viewer) if viewer else None
    context = {"token": token, "invited": invited, "viewer": viewer, "refusal": refusal, "errors": {}, **more}
    return render_template("invitations/show.html", **context), status


def _gone() -> ResponseReturnValue:
    return render_template("invitations/gone.html"), HTTPStatus.NOT_FOUND
