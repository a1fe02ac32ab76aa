"""Authentication: every route lists the roles that may call it, within the account of the caller's token."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from structlog.contextvars import bind_contextvars

from dashboard import clock
from dashboard.api.core.errors import refuse
from dashboard.engine.model import Role
from dashboard.http import unit_of_work
from dashboard.services.accounts import tokens
from dashboard.services.accounts.tokens import Caller

V = TypeVar("V", bound=Callable[..., Any])
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
SUPERVISORS = frozenset({Role.ADMINISTRATOR, Role.SUPERVISOR})
EVERYBODY = frozenset(Role)


def allowed(roles: frozenset[Role]) -> Callable[[V], V]:
    """Let these roles call a view; a view without this decorator refuses every caller."""

    def mark(view: V) -> V:
        view.roles = roles  # type: ignore[attr-defined]
        return view

    return mark


def caller() -> Caller:
    """Return the authenticated caller; their account is the one in the path."""
    return cast(Caller, g.caller)


def only_own(agent_id: int) -> None:
    """Refuse an agent's request for another agent."""
    if caller().role is Role.AGENT and agent_id != caller().user_id:
        refuse(403, "Agents may do this for themselves only.")


def presented_token() -> str:
    """Return the request's token, or "" without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else ""
    return bearer or request.headers.get("api-access-token", "").strip()


def take_account(_: str | None, values: dict[str, Any] | None) -> None:
    """Take the account id out of the path's values, so that views receive only the ids after it."""
    if values is not None:
        g.path_account_id = values.pop("account_id", None)


def authenticate() -> None:
    """Identify the caller and check their role, before the body and the query are read."""
    token = presented_token()
    work, now = unit_of_work(), clock.now()
    found = tokens.authenticate(work, token, now=now) if token else None
    if found is None:
        refuse(401)
    if tokens.note_use(work, found, now=now):
        work.finish()  # whatever becomes of the call
    if found.account_id != g.path_account_id:
        refuse(404)
    g.caller = found
    bind_contextvars(account=found.account_id)
    if found.role not in getattr(current_app.view_functions[request.endpoint or ""], "roles", ()):
        refuse(403)
