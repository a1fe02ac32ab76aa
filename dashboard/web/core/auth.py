"""The viewer of a page and the rights of their role."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID, uuid4

from flask import Flask, Request, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user
from structlog.contextvars import bind_contextvars

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.http import unit_of_work
from dashboard.services.accounts import sessions
from dashboard.store.accounts.sessions import MembershipKey, Viewer
from dashboard.store.core.page_values import Scope
from dashboard.web.core import htmx

P = ParamSpec("P")
R = TypeVar("R")
manager = LoginManager()
# The key of the session's own id, so that this session can be ended alone.
SESSION_ID = "session_id"
# The memberships that the password opened, each with its epoch: all that is known until an account is chosen.
MEMBERSHIPS = "memberships"
# The one of them that was chosen, as flask-login keeps it.
CHOSEN = "_user_id"


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
    """Begin a session of somebody whose password opens these memberships; nothing of the one before it stays."""
    _begin(_epochs(found))
    if len(found) == 1:
        login_user(Visitor(found[0]))


def log_in(viewer: Viewer, opened: Sequence[Viewer] = ()) -> None:
    """Go on in this membership, in a session of its own that knows the same ones, and those just opened."""
    _begin({**_known(), **_epochs([viewer, *opened])})
    login_user(Visitor(viewer))


def log_out() -> None:
    """End this session on the server as well, so that copies of its cookie are refused."""
    _end()
    session.clear()


def memberships() -> Sequence[Viewer]:
    """Return what this session opens."""
    known = session.get(SESSION_ID)
    return sessions.memberships(unit_of_work(), _known(), session_id=UUID(known)) if known else []


def has_others() -> bool:
    """Tell whether this session opens more accounts than this one."""
    return len(session.get(MEMBERSHIPS, ())) > 1


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


def _begin(epochs: Mapping[MembershipKey, int]) -> None:
    _end()
    session.clear()
    session.permanent = True
    session[SESSION_ID] = uuid4().hex
    _keep(epochs)


def _end() -> None:
    """End the session that came with this request, whoever has a copy of its cookie."""
    if known := session.get(SESSION_ID):
        sessions.end(unit_of_work(), UUID(known), now=clock.now())
        unit_of_work().finish()


def _keep(epochs: Mapping[MembershipKey, int]) -> None:
    session[MEMBERSHIPS] = [[*key, epoch] for key, epoch in epochs.items()]


def _known() -> dict[MembershipKey, int]:
    """Return the epochs of the memberships that this session knows: in one of an older release, those of the chosen."""
    chosen = [map(int, session[CHOSEN].split(":"))] if CHOSEN in session else []
    return {(account_id, user_id): epoch for account_id, user_id, epoch in session.get(MEMBERSHIPS, chosen)}


def _epochs(found: Sequence[Viewer]) -> dict[MembershipKey, int]:
    return {one.key: one.session_epoch for one in found}


@manager.user_loader
def _resume(kept: str) -> Visitor | None:
    account_id, user_id, epoch = map(int, kept.split(":"))
    known = session.get(SESSION_ID)
    found = known and sessions.resume(unit_of_work(), account_id, user_id, session_epoch=epoch, session_id=UUID(known))
    if not found:
        return None
    bind_contextvars(account=found.account_id)
    return Visitor(found)


@manager.request_loader
def _back_to_the_choice(_: Request) -> None:
    """Keep what a session opens that is in no account, or in one no more."""
    if SESSION_ID not in session and CHOSEN not in session:
        return
    known, left = _known(), _epochs(memberships())
    if not left:
        session.clear()  # written anew for another reason, it would outlive the note that it has ended
    elif CHOSEN in session or left != known:
        session.pop(CHOSEN, None)
        _keep(left)


def _to_log_in() -> ResponseReturnValue:
    # After the log-in but before the choice of an account, only the choice is left.
    door = "web.memberships.index" if session.get(MEMBERSHIPS) else "web.sessions.new"
    if htmx.is_htmx():
        return htmx.to_log_in(url_for(door, next=htmx.page_shown()))
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(door, next=wanted if wanted != "/" else None), HTTPStatus.SEE_OTHER)
