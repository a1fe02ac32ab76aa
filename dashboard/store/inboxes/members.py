"""Members of inboxes and teams."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, update

from dashboard.store.models import AccountUser, Inbox, InboxMember, Team, TeamMember
from dashboard.store.postgres.bulk import bind_json, insert_new
from dashboard.store.postgres.database import Session


class OwnerKind(StrEnum):
    """The kind of a group with members."""

    INBOX = "inbox"
    TEAM = "team"


@dataclass(frozen=True, slots=True)
class Owner:
    """One inbox or one team."""

    group: OwnerKind
    id: int


@dataclass(frozen=True, slots=True)
class MemberSwitch:
    """A member, and whether runs assign conversations to them (E57)."""

    user_id: int
    auto_assign: bool


WHOLES: dict[OwnerKind, type[Inbox] | type[Team]] = {OwnerKind.INBOX: Inbox, OwnerKind.TEAM: Team}
MEMBERSHIPS: dict[OwnerKind, Any] = {OwnerKind.INBOX: InboxMember, OwnerKind.TEAM: TeamMember}
COLUMNS = {OwnerKind.INBOX: "inbox_id", OwnerKind.TEAM: "team_id"}


def lock(session: Session, account_id: int, place: Owner) -> bool:
    """Lock the memberships of an inbox or team until this transaction ends; return False if it does not exist."""
    whole = WHOLES[place.group]
    held = select(whole.id).where(whole.account_id == account_id, whole.id == place.id)
    return session.scalar(held.with_for_update(key_share=True)) is not None


def ids(session: Session, account_id: int, place: Owner) -> Sequence[int] | None:
    """Return the active members, None if the inbox or team does not exist."""
    whole, membership = WHOLES[place.group], MEMBERSHIPS[place.group]
    if not session.scalar(select(whole.id).where(whole.account_id == account_id, whole.id == place.id)):
        return None
    agent = (AccountUser.account_id == membership.account_id) & (AccountUser.user_id == membership.user_id)
    members = select(membership.user_id).join(AccountUser, agent).where(_here(place), AccountUser.active)
    return session.scalars(members.order_by(membership.user_id)).all()


def rows(session: Session, account_id: int, place: Owner) -> Sequence[MemberSwitch] | None:
    """Return the active members with their switches, None if the inbox or team does not exist."""
    known = ids(session, account_id, place)
    if known is None:
        return None
    membership = MEMBERSHIPS[place.group]
    wanted = select(membership.user_id, membership.auto_assign).where(_here(place), membership.user_id.in_(known))
    return [MemberSwitch(*row) for row in session.execute(wanted.order_by(membership.user_id))]


def switch(session: Session, place: Owner, user_id: int, *, auto_assign: bool) -> None:
    """Let runs assign conversations to a member, or pass over the member (E57)."""
    membership = MEMBERSHIPS[place.group]
    session.execute(
        update(membership).where(_here(place), membership.user_id == user_id).values(auto_assign=auto_assign)
    )


def add(session: Session, account_id: int, place: Owner, user_ids: Collection[int]) -> None:
    """Add these members; existing ones are left alone."""
    rows = [{"account_id": account_id, COLUMNS[place.group]: place.id, "user_id": one} for one in sorted(set(user_ids))]
    if rows:
        session.execute(insert_new(MEMBERSHIPS[place.group], tuple(rows[0])), bind_json(rows))


def replace(session: Session, account_id: int, place: Owner, user_ids: Collection[int]) -> None:
    """Replace all members by these."""
    member = MEMBERSHIPS[place.group].user_id
    session.execute(delete(MEMBERSHIPS[place.group]).where(_here(place), member != func.all(list(user_ids))))
    add(session, account_id, place, user_ids)


def remove(session: Session, account_id: int, place: Owner, user_ids: Collection[int]) -> None:
    """Remove these members."""
    member = MEMBERSHIPS[place.group].user_id
    session.execute(delete(MEMBERSHIPS[place.group]).where(_here(place), member == func.any(list(user_ids))))


def of_account(session: Session, account_id: int, user_ids: Collection[int]) -> frozenset[int]:
    """Return those of these users that are agents of the account, active or deactivated."""
    found = select(AccountUser.user_id).where(
        AccountUser.account_id == account_id, AccountUser.user_id == func.any(list(user_ids))
    )
    return frozenset(session.scalars(found))


def _here(place: Owner) -> Any:
    return getattr(MEMBERSHIPS[place.group], COLUMNS[place.group]) == place.id
