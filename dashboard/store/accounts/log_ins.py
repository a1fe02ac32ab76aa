"""Log-ins: their passwords, and the memberships that they open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select, text, update

from dashboard.store.models import AccountUser, User
from dashboard.store.models.base import NEW_EPOCH
from dashboard.store.postgres.database import Session


class LogIn(StrEnum):
    """Whether a person can log in as an agent, or is invited to."""

    NONE = "none"
    INVITED = "invited"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInRow:
    """A log-in: its person's from `used_at` on."""

    id: int
    password_hash: str | None
    used_at: datetime | None


NEW = text("INSERT INTO users (password_hash) SELECT NULL FROM generate_series(1, :count) RETURNING id")
# Of two numbers, which are never those of an inbox's lock.
HOLD_ADDRESS = text("SELECT pg_advisory_xact_lock(hashtext('address'), hashtext(:email))")
COLUMNS = [getattr(User, name) for name in LogInRow.__slots__]


def state(*, has_password: bool, invited_until: datetime | None, now: datetime) -> LogIn:
    """Return whether a person can log in as an agent, or is invited to."""
    if has_password:
        return LogIn.ACTIVE
    return LogIn.INVITED if invited_until and invited_until > now else LogIn.NONE


def add(session: Session, count: int = 1) -> Sequence[int]:
    """Insert log-ins without a password, and return their ids."""
    return session.scalars(NEW, {"count": count}).all()


def lock(session: Session, account_id: int, user_id: int) -> LogInRow | None:
    """Return the log-in of a membership and lock its row until this transaction ends."""
    opened = select(AccountUser.log_in_id).where(AccountUser.account_id == account_id, AccountUser.user_id == user_id)
    row = session.execute(select(*COLUMNS).where(User.id == opened.scalar_subquery()).with_for_update()).one_or_none()
    return LogInRow(**row._mapping) if row else None


def a_hash_of(session: Session, email: str) -> str | None:
    """Return what is kept of a password of this address, if there is any.

    Nobody else adds one until this transaction ends. This lock is taken after all others.
    """
    session.execute(HOLD_ADDRESS, {"email": email})
    found = select(User.password_hash).join(AccountUser, AccountUser.log_in_id == User.id)
    there = (AccountUser.email == email, User.password_hash.is_not(None))
    return session.scalar(found.where(*there).order_by(User.id).limit(1))


def give_password(session: Session, log_in_id: int, password_hash: str | None) -> bool:
    """Write a password that an account gives, or takes back; false if somebody has logged in: it is theirs now.

    Whoever has come as far as the choice of an account with the one before starts again.
    """
    unused = update(User).where(User.id == log_in_id, User.used_at.is_(None))
    given = unused.values(password_hash=password_hash, session_epoch=NEW_EPOCH)
    return session.scalar(given.returning(User.id)) is not None


def choose_password(session: Session, log_in_id: int, password_hash: str, now: datetime) -> None:
    """Write a password of the person's own choice; all earlier sessions of the log-in end."""
    values = {"password_hash": password_hash, "chosen_at": now, "used_at": func.coalesce(User.used_at, now)}
    session.execute(update(User).where(User.id == log_in_id).values(**values, session_epoch=NEW_EPOCH))


def note_use(session: Session, log_in_id: int, now: datetime) -> bool:
    """Record the first use of a log-in; return False if it was used before."""
    noted = update(User).where(User.id == log_in_id, User.used_at.is_(None)).values(used_at=now)
    return session.scalar(noted.returning(User.id)) is not None


def open_with(session: Session, account_id: int, user_id: int, log_in_id: int) -> None:
    """Let another log-in open the membership; every session of this membership ends."""
    which = (AccountUser.account_id == account_id, AccountUser.user_id == user_id)
    session.execute(update(AccountUser).where(*which).values(log_in_id=log_in_id, session_epoch=NEW_EPOCH))
