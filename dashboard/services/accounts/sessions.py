"""Log-ins, sessions, log-outs, and changes of a password."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from dashboard.services.accounts import passwords
from dashboard.services.accounts.account_forms import NewPassword
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import log_ins
from dashboard.store.accounts import sessions as store
from dashboard.store.accounts.sessions import MembershipKey, Viewer

# Since its cookie was last written.
LASTS_FOR = timedelta(days=31)
LONGEST_PASSWORD = 1_000


def log_in(work: UnitOfWork, email: str, password: str) -> Sequence[Viewer]:
    """Return the memberships of this address and password.

    The duration does not depend on whether the address exists, or on its number of accounts.
    """
    if not password:  # nobody's
        return ()
    found = store.credentials(work.session, email.strip().lower())
    right = passwords.matching({one.password_hash for one in found}, password[:LONGEST_PASSWORD])
    return [one.viewer for one in found if one.password_hash in right]


def enter(work: UnitOfWork, viewer: Viewer, *, now: datetime) -> None:
    """Note that somebody comes in by this log-in: from now on no account changes it."""
    log_ins.note_use(work.session, viewer.log_in_id, now)


def memberships(work: UnitOfWork, epochs: Mapping[MembershipKey, int], *, session_id: UUID) -> Sequence[Viewer]:
    """Return the memberships that a session still opens; none after its log-out."""
    return store.memberships(work.session, epochs, session_id=session_id)


def resume(work: UnitOfWork, account_id: int, user_id: int, *, session_epoch: int, session_id: UUID) -> Viewer | None:
    """Return the session's viewer; None after a deactivation, a log-out, or the end of all the viewer's sessions."""
    viewer = store.viewer(work.session, account_id, user_id, session_id=session_id)
    return viewer if viewer and viewer.session_epoch == session_epoch else None


def end(work: UnitOfWork, session_id: UUID, *, now: datetime) -> None:
    """End this session, whoever kept its cookie; the same person's others go on."""
    store.end(work.session, session_id, now)


def change_password(
    work: UnitOfWork, viewer: Viewer, wanted: NewPassword, *, now: datetime
) -> Sequence[Viewer] | Invalid:
    """Replace the viewer's password, end every session of the old one, and return the memberships of the new one."""
    log_in_id = passwords.replace(work, viewer, wanted, now=now)
    if isinstance(log_in_id, Invalid):
        return log_in_id
    return store.opened_by(work.session, log_in_id)
