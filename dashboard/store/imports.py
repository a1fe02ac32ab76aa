"""What an import needs to be there: inboxes, labels, agents by name; each kind in a fixed number of statements."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from dashboard.engine.model import Role
from dashboard.store.bulk import insert_new, insert_rows, sent, table_of
from dashboard.store.database import Session
from dashboard.store.models import Account, AccountUser, AssignmentPolicy, Inbox, InboxMember, Label, User


@dataclass(frozen=True, slots=True)
class Ensured:
    """The ids by name, and which of them were made just now."""

    ids: Mapping[str, int]
    new: frozenset[int]


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent who answers an inbox."""

    inbox_id: int
    user_id: int


def hold_account(session: Session, account_id: int) -> bool:
    """Let one import at a time make what is missing; false if there is no such account."""
    wanted = select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    return session.scalar(wanted) is not None


def ensure_inboxes(session: Session, account_id: int, names: Collection[str]) -> Ensured:
    """Return the inboxes of these names, the oldest of each, and make those that are missing."""
    there = _inboxes(session, account_id, names)
    missing = [{"account_id": account_id, "name": name} for name in sorted(set(names) - set(there))]
    if missing:
        session.execute(insert_rows(Inbox, ("account_id", "name")), sent(missing))
    ids = _inboxes(session, account_id, names)
    return Ensured(ids, frozenset(ids.values()) - frozenset(there.values()))


def ensure_labels(session: Session, account_id: int, titles: Collection[str]) -> None:
    """Make the labels that are missing."""
    rows = [{"account_id": account_id, "title": title} for title in sorted(titles)]
    session.execute(insert_new(Label, ("account_id", "title")), sent(rows))


def ensure_agents(session: Session, account_id: int, names: Collection[str]) -> Ensured:
    """Return the agents of these names, and make those that are missing; who is made so cannot log in.

    An agent who was made by an import is known by their address, so a new name does not make them twice.
    """
    there = _agents(session, account_id, names)
    missing = {name: _address(account_id, name) for name in sorted(set(names) - set(there))}
    if not missing:
        return Ensured(there, frozenset())
    users = _users(session, missing.values())
    rows = [
        {"account_id": account_id, "user_id": users[address], "name": name, "role": Role.AGENT}
        for name, address in missing.items()
    ]
    made = insert_new(AccountUser, ("account_id", "user_id", "name", "role"))
    new = session.scalars(made.returning(table_of(AccountUser).c.user_id), sent(rows))
    return Ensured({**there, **{name: users[address] for name, address in missing.items()}}, frozenset(new))


def add_members(session: Session, account_id: int, members: Iterable[Membership]) -> None:
    """Let these agents answer these inboxes."""
    rows = [{"account_id": account_id, "inbox_id": one.inbox_id, "user_id": one.user_id} for one in members]
    session.execute(insert_new(InboxMember, ("account_id", "inbox_id", "user_id")), sent(rows))


def policy_id_of(session: Session, account_id: int, name: str) -> int:
    """Return the assignment policy of this name, which is there."""
    named = select(AssignmentPolicy.id).where(AssignmentPolicy.account_id == account_id, AssignmentPolicy.name == name)
    return session.scalars(named).one()


def _inboxes(session: Session, account_id: int, names: Collection[str]) -> dict[str, int]:
    found = session.execute(
        select(Inbox.name, func.min(Inbox.id).label("id"))
        .where(Inbox.account_id == account_id, Inbox.name.in_(names))
        .group_by(Inbox.name)
    )
    return {row.name: row.id for row in found}


def _agents(session: Session, account_id: int, names: Collection[str]) -> dict[str, int]:
    found = session.execute(
        select(AccountUser.name, func.min(AccountUser.user_id).label("id"))
        .where(AccountUser.account_id == account_id, AccountUser.name.in_(names))
        .group_by(AccountUser.name)
    )
    return {row.name: row.id for row in found}


def _users(session: Session, addresses: Collection[str]) -> dict[str, int]:
    session.execute(insert_new(User, ("email",)), sent([{"email": address} for address in addresses]))
    found = session.execute(select(User.email, User.id).where(User.email.in_(addresses)))
    return {row.email: row.id for row in found}


def _address(account_id: int, name: str) -> str:
    """Return an address that reaches nobody (RFC 2606), the same for names that differ in case or spaces only.

    What else is lost of a name on its way to an address is made up for by its digest.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
    exact = readable == name.lower().replace(" ", "-")
    local = readable if exact else f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:10]}".strip("-")
    return f"{local}@account-{account_id}.invalid"
