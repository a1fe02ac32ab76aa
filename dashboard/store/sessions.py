"""Who may log in, and who a session is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text
from sqlalchemy.dialects.postgresql import insert

from dashboard.engine.model import Role
from dashboard.store.agents import JOINED
from dashboard.store.database import Session
from dashboard.store.models import Account, AccountUser, EndedSession, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at a page: an active user in one account; a higher epoch of theirs ends the session."""

    account_id: int
    account_name: str
    user_id: int
    name: str
    role: Role
    session_epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is compared with, and who they are who know it."""

    password_hash: str | None
    viewer: Viewer


VIEWERS = (
    select(
        AccountUser.account_id,
        Account.name.label("account_name"),
        AccountUser.user_id,
        AccountUser.name,
        AccountUser.role,
        User.session_epoch,
        User.password_hash,
    )
    .join(Account, Account.id == AccountUser.account_id)
    .join(User, User.id == AccountUser.user_id)
    .where(AccountUser.active)
)
# Every request asks, among them the polls of five hundred tabs: as text it costs half as much as put together anew.
VIEWER = text(
    """
    SELECT u.account_id, a.name AS account_name, u.user_id, u.name, u.role, s.session_epoch
    FROM account_users u JOIN accounts a ON a.id = u.account_id JOIN users s ON s.id = u.user_id
    WHERE u.account_id = :account_id AND u.user_id = :user_id AND u.active
      AND NOT EXISTS (SELECT FROM ended_sessions WHERE id = :session_id)
    """
)


def credentials(session: Session, email: str) -> Credentials | None:
    """Return whose address it is, in the account that they joined first, if they are active in one."""
    found = session.execute(VIEWERS.where(User.email == email).order_by(*JOINED).limit(1)).first()
    return Credentials(password_hash=found.password_hash, viewer=_viewer(found)) if found else None


def viewer(session: Session, account_id: int, user_id: int, *, session_id: UUID | None = None) -> Viewer | None:
    """Return the user in this account if they are active there, and did not log out of this session."""
    which = {"account_id": account_id, "user_id": user_id, "session_id": session_id}
    found = session.execute(VIEWER, which).one_or_none()
    return _viewer(found) if found else None


def end(session: Session, session_id: UUID, now: datetime) -> None:
    """End this one of a user's sessions."""
    session.execute(insert(EndedSession).values(id=session_id, ended_at=now).on_conflict_do_nothing())


def forget_ended(session: Session, *, before: datetime, most: int) -> int:
    """Forget sessions that ended before this instant; return how many."""
    old = select(EndedSession.id).where(EndedSession.ended_at < before).order_by(EndedSession.ended_at).limit(most)
    done = session.execute(delete(EndedSession).where(EndedSession.id.in_(old.with_for_update(skip_locked=True))))
    return int(done.rowcount)  # type: ignore[attr-defined]


def password_hash(session: Session, account_id: int, user_id: int) -> str | None:
    """Return what is kept of the password of an active user of the account."""
    which = (AccountUser.account_id == account_id, AccountUser.user_id == user_id)
    found = session.execute(VIEWERS.where(*which)).one_or_none()
    return found.password_hash if found else None


def _viewer(row: Row[*tuple[Any, ...]]) -> Viewer:
    return Viewer(
        account_id=row.account_id,
        account_name=row.account_name,
        user_id=row.user_id,
        name=row.name,
        role=Role(row.role),
        session_epoch=row.session_epoch,
    )
