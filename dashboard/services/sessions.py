"""Logging in, and coming back with what the log-in left."""

from functools import cache

from dashboard.services import passwords
from dashboard.services.desk import Desk
from dashboard.store import sessions as store
from dashboard.store.sessions import Viewer

LONGEST_PASSWORD = 1_000


def log_in(desk: Desk, email: str, password: str) -> Viewer | None:
    """Return who this is; an answer takes as long whether or not the address exists."""
    found = store.credentials(desk.session, email.strip().lower())
    known = found.password_hash if found else None
    right = passwords.matches(known or _of_nobody(), password[:LONGEST_PASSWORD])
    return found.viewer if found and known and right else None


def resume(desk: Desk, account_id: int, user_id: int, *, session_epoch: int) -> Viewer | None:
    """Return who this session is, unless they were deactivated or their sessions were ended."""
    viewer = store.viewer(desk.session, account_id, user_id)
    return viewer if viewer and viewer.session_epoch == session_epoch else None


@cache
def _of_nobody() -> str:
    """Return a hash that costs as much to compare with as anybody's."""
    return passwords.hashed("nobody")
