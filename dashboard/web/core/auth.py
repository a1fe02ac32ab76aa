"""The viewer of a page and the rights of their role."""

from collections.abc import Callable, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID, uuid4

from flask import Flask, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user
from structlog.contextvars import bind_contextvars

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.http import unit_of_work
from dashboard.services.accounts import sessions
from dashboard.store.accounts.sessions import Viewer
from dashboard.store.core.page_values import Scope
from dashboard.web.core import htmx

P = ParamSpec("P")
R = TypeVar("R")
manager = LoginManager()
# The key of the session's own id, so that this session can be ended alone.
SESSION_ID = "session_id"
# The log-ins that the password opened, as pairs of id and epoch: all that is known until an account is chosen.
LOG_INS = "log_ins"


class Visitor(UserMixin):
    """A viewer for flask-login; the session contains their account, their id and their session epoch."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def get_id(self) -> str:
        """Return the session's value."""
        return f"{self.viewer.account_id}:{self.viewer.user_id}:{self.viewer.session_epoch}"


def init_app(app: Flask) -> None:
    """Register the session's loader and the template functions."""
    # A proxy instead of flask-login's context processor, which queries Postgres even for the page about its failure.
    manager.init_app(app, add_context_processor=False)
    app.jinja_env.globals.update(
        current_user=current_user, supervising=supervising, administering=administering, has_others=has_others
    )


def recognise(found: Sequence[Viewer]) -> None:
    """Begin a session with the log-ins of these memberships, and drop everything of the previous session."""
    _begin([[one.log_in_id, one.log_in_epoch] for one in found])


def log_in(viewer: Viewer) -> None:
    """Enter this membership, in a new session with the same log-ins."""
    known = {**_log_in_epochs(), viewer.log_in_id: viewer.log_in_epoch}
    _begin([[log_in_id, epoch] for log_in_id, epoch in known.items()])
    login_user(Visitor(viewer))


def log_out() -> None:
    """End this session on the server as well, so that copies of its cookie are refused."""
    end_session()
    session.clear()


def end_session() -> None:
    """End the request's session, for every copy of its cookie."""
    if known := session.get(SESSION_ID):
        sessions.end(unit_of_work(), UUID(known), now=clock.now())


def memberships() -> Sequence[Viewer]:
    """Return the memberships of the session's log-ins."""
    known = session.get(SESSION_ID)
    return sessions.memberships(unit_of_work(), _log_in_epochs(), session_id=UUID(known)) if known else []


def has_others() -> bool:
    """Tell whether the viewer has more accounts than this one."""
    return viewer().has_others or len(session.get(LOG_INS, ())) > 1


def viewer() -> Viewer:
    """Return the viewer of this page."""
    return cast(Viewer, current_user.viewer)


def scope() -> Scope:
    """Return the scope of the viewer's board: an agent sees only their own inboxes."""
    own = None if supervising() else viewer().user_id
    return Scope(account_id=viewer().account_id, member_id=own)


def supervising() -> bool:
    """Tell whether the viewer may change more than their own presence."""
    return viewer().role is not Role.AGENT


def administering() -> bool:
    """Tell whether the viewer may change users and their roles."""
    return viewer().role is Role.ADMINISTRATOR


def actor_kwargs() -> dict[str, Any]:
    """Return the actor and the time, as services expect them."""
    return {"actor_id": viewer().user_id, "now": clock.now()}


def require_log_in() -> ResponseReturnValue | None:
    """Redirect an unknown viewer to the log-in, with the address to open afterwards."""
    return None if current_user.is_authenticated else _to_log_in()


def supervisors_only(view: Callable[P, R]) -> Callable[P, R]:
    """Refuse agents."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not supervising():
            abort(HTTPStatus.FORBIDDEN, "Only supervisors and administrators may do this.")
        return view(*args, **kwargs)

    return guarded


def administrators_only(view: Callable[P, R]) -> Callable[P, R]:
    """Refuse agents and supervisors."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not administering():
            abort(HTTPStatus.FORBIDDEN, "Only administrators may do this.")
        return view(*args, **kwargs)

    return guarded


def _begin(log_ins: list[list[int]]) -> None:
    session.clear()
    session.permanent = True
    session[SESSION_ID] = uuid4().hex
    session[LOG_INS] = log_ins


def _log_in_epochs() -> dict[int, int]:
    if known := session.get(LOG_INS):
        return dict(known)
    return {viewer().log_in_id: viewer().log_in_epoch} if current_user.is_authenticated else {}


@manager.user_loader
def _resume(kept: str) -> Visitor | None:
    account_id, user_id, epoch = map(int, kept.split(":"))
    known = session.get(SESSION_ID)
    found = known and sessions.resume(unit_of_work(), account_id, user_id, session_epoch=epoch, session_id=UUID(known))
    if not found:
        session.clear()  # written anew for another reason, it would outlive the note that it has ended
        return None
    bind_contextvars(account=found.account_id)
    return Visitor(found)


def _to_log_in() -> ResponseReturnValue:
    # After the log-in but before the choice of an account, only the choice is left.
    door = "web.memberships.index" if session.get(LOG_INS) else "web.sessions.new"
    if htmx.is_htmx():
        return htmx.to_log_in(url_for(door, next=htmx.page_shown()))
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(door, next=wanted if wanted != "/" else None), HTTPStatus.SEE_OTHER)
