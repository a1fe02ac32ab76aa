"""Who looks at a page, and what their role lets them do."""

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
# What the session calls itself: its own name, so that it can be ended alone.
SESSION_ID = "session_id"
# The log-ins that the password opened, as pairs of id and epoch: all that is known until an account is chosen.
LOG_INS = "log_ins"


class Visitor(UserMixin):
    """A viewer as flask-login knows them; the session keeps who, in which account, and under which epoch."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def get_id(self) -> str:
        """Return what the session keeps."""
        return f"{self.viewer.account_id}:{self.viewer.user_id}:{self.viewer.session_epoch}"


def init_app(app: Flask) -> None:
    """Let the session say who it is."""
    # A proxy, not flask-login's context processor: that one asks Postgres even for the page that says it is down.
    manager.init_app(app, add_context_processor=False)
    app.jinja_env.globals.update(
        current_user=current_user, supervising=supervising, administering=administering, has_others=has_others
    )


def recognise(found: Sequence[Viewer]) -> None:
    """Begin a session of somebody whose password opens these memberships: nothing of the one before it stays."""
    _begin([[one.log_in_id, one.log_in_epoch] for one in found])


def log_in(viewer: Viewer) -> None:
    """Go on in this membership, in a session of its own that knows the same log-ins."""
    known = {**_log_in_epochs(), viewer.log_in_id: viewer.log_in_epoch}
    _begin([[log_in_id, epoch] for log_in_id, epoch in known.items()])
    login_user(Visitor(viewer))


def log_out() -> None:
    """End this session at the server as well: its cookie lets nobody in again."""
    end_session()
    unit_of_work().finish()
    session.clear()


def end_session() -> None:
    """End the session that came with this request, whoever has a copy of its cookie."""
    if known := session.get(SESSION_ID):
        sessions.end(unit_of_work(), UUID(known), now=clock.now())


def memberships() -> Sequence[Viewer]:
    """Return what the log-ins of this session open."""
    known = session.get(SESSION_ID)
    return sessions.memberships(unit_of_work(), _log_in_epochs(), session_id=UUID(known)) if known else []


def has_others() -> bool:
    """Tell whether the viewer has more accounts than this one."""
    return viewer().has_others or len(session.get(LOG_INS, ())) > 1


def viewer() -> Viewer:
    """Return who looks at this page."""
    return cast(Viewer, current_user.viewer)


def scope() -> Scope:
    """Return what the viewer's board shows: an agent's has the inboxes that they answer."""
    own = None if supervising() else viewer().user_id
    return Scope(account_id=viewer().account_id, member_id=own)


def supervising() -> bool:
    """Tell whether the viewer may change more than their own presence."""
    return viewer().role is not Role.AGENT


def administering() -> bool:
    """Tell whether the viewer may change who may do what."""
    return viewer().role is Role.ADMINISTRATOR


def actor_kwargs() -> dict[str, Any]:
    """Return who does it and when, as services ask for it."""
    return {"actor_id": viewer().user_id, "now": clock.now()}


def require_log_in() -> ResponseReturnValue | None:
    """Send somebody unknown to the log-in, and from there back to where they wanted to go."""
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
    # Who has not chosen an account yet need not give the password again.
    door = "web.memberships.index" if session.get(LOG_INS) else "web.sessions.new"
    if htmx.is_htmx():
        return htmx.to_log_in(url_for(door, next=htmx.page_shown()))
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(door, next=wanted if wanted != "/" else None), HTTPStatus.SEE_OTHER)
