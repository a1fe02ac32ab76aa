"""Checks which ids belong to an account."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from dashboard.store.models import Account, AccountUser, Inbox, Team
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The requested ids that the account has; agents only while active."""

    inbox_ids: frozenset[int]
    team_ids: frozenset[int]
    agent_ids: frozenset[int]


def existing_ids(
    session: Session,
    account_id: int,
    *,
    inbox_ids: Collection[int] = (),
    team_ids: Collection[int] = (),
    agent_ids: Collection[int] = (),
) -> Known:
    """Return those of these ids that the account has; an empty list costs no query."""
    return Known(
        inbox_ids=_ids(session, Inbox, account_id, inbox_ids),
        team_ids=_ids(session, Team, account_id, team_ids),
        agent_ids=_active(session, account_id, agent_ids),
    )


def _ids(session: Session, model: type[Inbox] | type[Team], account_id: int, ids: Collection[int]) -> frozenset[int]:
    if not ids:
        return frozenset()
    return frozenset(
        session.scalars(select(model.id).where(model.account_id == account_id, model.id == func.any(list(set(ids)))))
    )


def _active(session: Session, account_id: int, ids: Collection[int]) -> frozenset[int]:
    """Return the active agents and lock their rows: a deactivation waits for this transaction and sees its writes."""
    if not ids:
        return frozenset()
    wanted = select(AccountUser.user_id).where(
        AccountUser.account_id == account_id, AccountUser.user_id == func.any(list(set(ids))), AccountUser.active
    )
    return frozenset(session.scalars(wanted.order_by(AccountUser.user_id).with_for_update(read=True)))


def any_account(session: Session) -> bool:
    """Return True if the database has an account."""
    return session.scalar(select(Account.id).limit(1)) is not None


def account_with(session: Session, email: str) -> int | None:
    """Return the id of the first account with an agent of this address."""
    found = select(AccountUser.account_id).where(AccountUser.email == email)
    return session.scalar(found.order_by(AccountUser.account_id).limit(1))
