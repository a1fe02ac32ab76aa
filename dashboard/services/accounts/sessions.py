"""Logging in and out, coming back with what the log-in left, and choosing another password."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from dashboard.services.accounts import passwords
from dashboard.services.accounts.account_forms import NewPassword
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import log_ins
from dashboard.store.accounts import sessions as store
from dashboard.store.accounts.sessions import Viewer

# Since its cookie was last written.
LASTS_FOR = timedelta(days=31)
LONGEST_PASSWORD = 1_000
WRONG = "This is not your password."


def log_in(work: UnitOfWork, email: str, password: str) -> Sequence[Viewer]:
    """Return the memberships that this address and password open.

    The answer takes as long whether or not the address exists, and in however many accounts.
    """
    if not password:  # nobody's
        return ()
    found = store.credentials(work.session, email.strip().lower())
    right = passwords.matching({one.password_hash for one in found}, password[:LONGEST_PASSWORD])
    return [one.viewer for one in found if one.password_hash in right]


def enter(work: UnitOfWork, viewer: Viewer, *, now: datetime) -> None:
    """Note that somebody comes in by this log-in: from now on no account changes it."""
    log_ins.note_use(work.session, viewer.log_in_id, now)


def memberships(work: UnitOfWork, log_in_epochs: Mapping[int, int], *, session_id: UUID) -> Sequence[Viewer]:
    """Return what the log-ins of a session open; nothing once it is logged out of, or its password is another."""
    return store.memberships(work.session, log_in_epochs, session_id=session_id)


def resume(work: UnitOfWork, account_id: int, user_id: int, *, session_epoch: int, session_id: UUID) -> Viewer | None:
    """Return who this session is, unless they were deactivated, logged out of it, or had all of theirs ended."""
    viewer = store.viewer(work.session, account_id, user_id, session_id=session_id)
    return viewer if viewer and viewer.session_epoch == session_epoch else None


def end(work: UnitOfWork, session_id: UUID, *, now: datetime) -> None:
    """End this session, whoever kept its cookie; the same person's others go on."""
    store.end(work.session, session_id, now)


def change_password(work: UnitOfWork, viewer: Viewer, wanted: NewPassword, *, now: datetime) -> Viewer | Invalid | None:
    """Choose another password; every session that was opened with the old one ends. Returns the viewer of a new one."""
    known = log_ins.lock(work.session, viewer.account_id, viewer.user_id)
    if known is None or not passwords.matches(known.password_hash, wanted.current):
        return invalid("current", WRONG)
    kept = passwords.hashed(wanted.password, like=known.password_hash)
    log_ins.choose_password(work.session, known.id, kept, now)
    said = AuditedChange(subject="agent", subject_id=viewer.user_id, before={}, after={"password": "set"})
    audit_log.write(work, viewer.account_id, said, ActorContext(actor_id=viewer.user_id, now=now))
    return store.viewer(work.session, viewer.account_id, viewer.user_id)
