"""Invitations by the hash of their secret. The secret has too much entropy to be guessed from the hash."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, select
from sqlalchemy.dialects.postgresql import insert

from dashboard.engine.model import Role
from dashboard.store.models import Account, AccountUser, Invitation
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An active agent with a valid invitation."""

    account_id: int
    account_name: str
    user_id: int
    name: str
    email: str
    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationDraft:
    """A new invitation, with the hash of its secret."""

    account_id: int
    user_id: int
    token_hash: str
    created_at: datetime
    expires_at: datetime


INVITED = (
    select(
        Invitation.account_id,
        Account.name.label("account_name"),
        Invitation.user_id,
        AccountUser.name,
        AccountUser.email,
        AccountUser.role,
        Invitation.expires_at,
    )
    .join(Account, Account.id == Invitation.account_id)
    .join(AccountUser, and_(AccountUser.account_id == Invitation.account_id, AccountUser.user_id == Invitation.user_id))
    .where(AccountUser.active)
)


def put(session: Session, draft: InvitationDraft) -> None:
    """Write an invitation; it replaces the agent's earlier one."""
    values = {name: getattr(draft, name) for name in InvitationDraft.__slots__}
    new = insert(Invitation).values(**values)
    session.execute(new.on_conflict_do_update(index_elements=["account_id", "user_id"], set_=values))


def find(session: Session, token_hash: str, now: datetime) -> Invited | None:
    """Return the agent of a valid link; None if it was used, replaced, withdrawn, or has expired."""
    wanted = INVITED.where(Invitation.token_hash == token_hash, Invitation.expires_at > now)
    row = session.execute(wanted).one_or_none()
    return Invited(**row._mapping) if row else None


def of_agent(session: Session, account_id: int, user_id: int, now: datetime) -> tuple[Invited, datetime] | None:
    """Return the agent's invitation and the instant of its creation; None without one that can be used."""
    wanted = INVITED.add_columns(Invitation.created_at).where(
        Invitation.account_id == account_id, Invitation.user_id == user_id, Invitation.expires_at > now
    )
    row = session.execute(wanted).one_or_none()
    if row is None:
        return None
    facts = dict(row._mapping)
    created_at = facts.pop("created_at")
    return Invited(**facts), created_at


def use(session: Session, token_hash: str, now: datetime) -> bool:
    """Delete a valid link; return False if it was used already, or has expired."""
    used = delete(Invitation).where(Invitation.token_hash == token_hash, Invitation.expires_at > now)
    return session.scalar(used.returning(Invitation.user_id)) is not None


def withdraw(session: Session, account_id: int, user_id: int) -> bool:
    """Delete the agent's invitation; return False if there is none."""
    which = (Invitation.account_id == account_id, Invitation.user_id == user_id)
    return session.scalar(delete(Invitation).where(*which).returning(Invitation.user_id)) is not None
