"""The accounts of one person: the choice after the log-in, and switching between them."""

from http import HTTPStatus

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from dashboard import clock
from dashboard.http import unit_of_work
from dashboard.services.accounts import sessions
from dashboard.web.core import auth, urls
from dashboard.web.core.blueprints import pages_of

# Public, because a person with several accounts chooses one here before they are logged in to any.
pages = pages_of("memberships", public=True)


@pages.get("/accounts")
def index() -> ResponseReturnValue:
    """Show the accounts that the session opens."""
    found = auth.memberships()
    if not found:
        return redirect(url_for("web.sessions.new"), HTTPStatus.SEE_OTHER)
    if len(found) == 1 and current_user.is_authenticated:
        return redirect(url_for("web.board.show"), HTTPStatus.SEE_OTHER)
    here = auth.viewer().account_id if current_user.is_authenticated else None
    return render_template("memberships/index.html", found=found, here=here, wanted=request.args.get("next", ""))


@pages.post("/accounts/<int:account_id>/session")
def enter(account_id: int) -> ResponseReturnValue:
    """Enter this account, in a new session."""
    found = [one for one in auth.memberships() if one.account_id == account_id]
    if not found:
        abort(HTTPStatus.NOT_FOUND)
    auth.log_in(found[0])
    sessions.enter(unit_of_work(), found[0], now=clock.now())
    unit_of_work().finish()
    return redirect(urls.wanted(), HTTPStatus.SEE_OTHER)
