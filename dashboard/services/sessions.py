"""Logging in and out, coming back with what the log-in left, and choosing another password."""

from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from dashboard.services import auditing, passwords
from dashboard.services.auditing import Cause, Change
from dashboard.services.desk import Desk
from dashboard.services.forms.accounts import NewPassword
from dashboard.services.refusals import Invalid, invalid
from dashboard.store import agents
from dashboard.store import sessions as store
from dashboard.store.sessions import Viewer

# Since its cookie was last written.
LASTS_FOR = timedelta(days=31)
LONGEST_PASSWORD = 1_000
WRONG = "This is not your password."


def log_in(desk: Desk, email: str, password: str) -> Viewer | None:
    """Return who this is; an answer takes as long whether or not the address exists."""
    if not password:  # nobody's
        return None
    found = store.credentials(desk.session, email.strip().lower())
    known = found.password_hash if found else None
    right = passwords.matches(known or _of_nobody(), password[:LONGEST_PASSWORD])
    return found.viewer if found and known and right else None


def resume(desk: Desk, account_id: int, user_id: int, *, session_epoch: int, session_id: UUID) -> Viewer | None:
    """Return who this session is, unless they were deactivated, logged out of it, or had all of theirs ended."""
    viewer = store.viewer(desk.session, account_id, user_id, session_id=session_id)
    return viewer if viewer and viewer.session_epoch == session_epoch else None


def log_out(desk: Desk, session_id: UUID, *, now: datetime) -> None:
    """End this session, whoever kept its cookie; the same person's others go on."""
    store.end(desk.session, session_id, now)
    desk.session.commit()


def change_password(desk: Desk, viewer: Viewer, wanted: NewPassword, *, now: datetime) -> Viewer | Invalid | None:
    """Choose another password; every session that was opened with the old one ends. Returns the viewer of a new one."""
    agents.lock(desk.session, viewer.account_id, viewer.user_id)
    known = store.password_hash(desk.session, viewer.account_id, viewer.user_id)
    if not passwords.matches(known, wanted.current):
        desk.session.rollback()
        return invalid("current", WRONG)
    agents.change_log_in(desk.session, viewer.user_id, {"password_hash": passwords.hashed(wanted.password)})
    said = Change(subject="agent", subject_id=viewer.user_id, before={}, after={"password": "set"})
    auditing.write(desk, viewer.account_id, said, Cause(actor_id=viewer.user_id, now=now))
    desk.session.commit()
    return store.viewer(desk.session, viewer.account_id, viewer.user_id)


@cache
def _of_nobody() -> str:
    """Return a hash that costs as much to compare with as anybody's."""
    return passwords.hashed("nobody")
