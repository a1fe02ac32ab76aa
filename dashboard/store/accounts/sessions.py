"""Log-ins by password, and the users of sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row, delete, exists, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from dashboard.engine.model import Role
from dashboard.store.models import Account, AccountUser, EndedSession, User
from dashboard.store.postgres.database import Session

MembershipKey: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """An active membership, and the log-in that opens it; a new epoch of either ends the session.

    `session_epoch` is the sum of both.
    """

    account_id: int
    account_name: str
    user_id: int
    name: str
    email: str
    role: Role
    session_epoch: int
    log_in_id: int

    @property
    def key(self) -> MembershipKey:
        """Return which membership it is."""
        return self.account_id, self.user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A password hash and the membership that it opens."""

    password_hash: str
    viewer: Viewer


JOINED = (AccountUser.created_at, AccountUser.account_id)
VIEWERS = (
    select(
        AccountUser.account_id,
        Account.name.label("account_name"),
        AccountUser.user_id,
        AccountUser.name,
        AccountUser.email,
        AccountUser.role,
        (AccountUser.session_epoch + User.session_epoch).label("session_epoch"),
        AccountUser.log_in_id,
        User.password_hash,
    )
    .join(Account, Account.id == AccountUser.account_id)
    .join(User, User.id == AccountUser.log_in_id)
    .where(AccountUser.active)
)
# Every request asks, among them the polls of five hundred tabs: as text it costs half as much as put together anew.
VIEWER = text(
    """
    SELECT u.account_id, a.name AS account_name, u.user_id, u.name, u.email, u.role,
      u.session_epoch + l.session_epoch AS session_epoch, u.log_in_id
    FROM account_users u JOIN accounts a ON a.id = u.account_id JOIN users l ON l.id = u.log_in_id
    WHERE u.account_id = :account_id AND u.user_id = :user_id AND u.active
      AND NOT EXISTS (SELECT FROM ended_sessions WHERE id = :session_id)
    """
)


def credentials(session: Session, email: str) -> Sequence[Credentials]:
    """Return every active membership of this address with a password, in order of joining."""
    there = (AccountUser.email == email, User.password_hash.is_not(None))
    rows = session.execute(VIEWERS.where(*there).order_by(*JOINED))
    return [Credentials(password_hash=row.password_hash, viewer=_viewer(row)) for row in rows]


def memberships(session: Session, epochs: Mapping[MembershipKey, int], *, session_id: UUID) -> Sequence[Viewer]:
    """Return those of these memberships whose epoch is still this one, the first joined first."""
    if session.scalar(select(exists().where(EndedSession.id == session_id))):
        return []
    known = tuple_(AccountUser.account_id, AccountUser.user_id).in_(list(epochs))
    found = map(_viewer, session.execute(VIEWERS.where(known).order_by(*JOINED)))
    return [one for one in found if one.session_epoch == epochs[one.key]]


def opened_by(session: Session, log_in_id: int) -> Sequence[Viewer]:
    """Return the memberships that a log-in opens, the first joined first."""
    rows = session.execute(VIEWERS.where(AccountUser.log_in_id == log_in_id).order_by(*JOINED))
    return [_viewer(row) for row in rows]


def viewer(session: Session, account_id: int, user_id: int, *, session_id: UUID | None = None) -> Viewer | None:
    """Return the user of this account if they are active and this session has not ended."""
    which = {"account_id": account_id, "user_id": user_id, "session_id": session_id}
    found = session.execute(VIEWER, which).one_or_none()
    return _viewer(found) if found else None


def end(session: Session, session_id: UUID, now: datetime) -> None:
    """End one session of a user."""
    session.execute(insert(EndedSession).values(id=session_id, ended_at=now).on_conflict_do_nothing())


def forget_ended(session: Session, *, before: datetime, most: int) -> int:
    """Delete sessions that ended before this instant; return their number."""
    old = select(EndedSession.id).where(EndedSession.ended_at < before).order_by(EndedSession.ended_at).limit(most)
    done = session.execute(delete(EndedSession).where(EndedSession.id.in_(old.with_for_update(skip_locked=True))))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _viewer(row: Row[*tuple[Any, ...]]) -> Viewer:
    return Viewer(
        account_id=row.account_id,
        account_name=row.account_name,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        role=Role(row.role),
        session_epoch=row.session_epoch,
        log_in_id=row.log_in_id,
    )
