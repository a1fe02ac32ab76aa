"""Log-ins by password, and the users of sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from dashboard.engine.model import Role
from dashboard.store.models import Account, AccountUser, EndedSession, User
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """An active membership with its log-in; a higher epoch of either ends the session.

    `session_epoch` is the sum of both epochs. `has_others` is True if the log-in opens more memberships.
    """

    account_id: int
    account_name: str
    user_id: int
    name: str
    email: str
    role: Role
    session_epoch: int
    log_in_id: int
    log_in_epoch: int
    has_others: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A password hash and the membership that it opens."""

    password_hash: str
    viewer: Viewer


OTHER = aliased(AccountUser)
HAS_OTHERS = exists().where(
    OTHER.log_in_id == AccountUser.log_in_id, OTHER.account_id != AccountUser.account_id, OTHER.active
)
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
        User.session_epoch.label("log_in_epoch"),
        HAS_OTHERS.label("has_others"),
        User.password_hash,
    )
    .join(Account, Account.id == AccountUser.account_id)
    .join(User, User.id == AccountUser.log_in_id)
    .where(AccountUser.active)
)
# Every request runs this, including the polls of five hundred tabs: as text, it costs half of a composed statement.
VIEWER = text(
    """
    SELECT u.account_id, a.name AS account_name, u.user_id, u.name, u.email, u.role,
      u.session_epoch + l.session_epoch AS session_epoch, u.log_in_id, l.session_epoch AS log_in_epoch,
      EXISTS (SELECT FROM account_users o
        WHERE o.log_in_id = u.log_in_id AND o.account_id <> u.account_id AND o.active) AS has_others
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


def memberships(session: Session, epochs: Mapping[int, int], *, session_id: UUID) -> Sequence[Viewer]:
    """Return the memberships of these log-ins, in order of joining; log-ins with a changed epoch are left out."""
    if session.scalar(select(exists().where(EndedSession.id == session_id))):
        return []
    opened = AccountUser.log_in_id == func.any(list(epochs))
    rows = session.execute(VIEWERS.where(opened).order_by(*JOINED))
    return [_viewer(row) for row in rows if row.log_in_epoch == epochs[row.log_in_id]]


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
        log_in_epoch=row.log_in_epoch,
        has_others=row.has_others,
    )
