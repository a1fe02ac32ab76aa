"""What an import looks up and makes: inboxes, teams, labels, agents; each kind in a fixed number of statements."""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from dashboard.engine.model import Role
from dashboard.store.accounts import log_ins
from dashboard.store.models import Account, AccountUser, AssignmentPolicy, Inbox, InboxMember, Label, Team
from dashboard.store.postgres.bulk import bind_json, insert_new, table_of
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row and its name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAgent:
    """An agent as a file may name them."""

    id: int
    name: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent who answers an inbox."""

    inbox_id: int
    user_id: int


def hold_account(session: Session, account_id: int) -> bool:
    """Let one import at a time make what is missing; false if there is no such account."""
    wanted = select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    return session.scalar(wanted) is not None


def inboxes(session: Session, account_id: int) -> Sequence[NamedRow]:
    """Return all inboxes of the account, the oldest first."""
    found = session.execute(select(Inbox.id, Inbox.name).where(Inbox.account_id == account_id).order_by(Inbox.id))
    return [NamedRow(row.id, row.name) for row in found]


def teams(session: Session, account_id: int) -> Sequence[NamedRow]:
    """Return all teams of the account, the oldest first."""
    found = session.execute(select(Team.id, Team.name).where(Team.account_id == account_id).order_by(Team.id))
    return [NamedRow(row.id, row.name) for row in found]


def agents(session: Session, account_id: int) -> Sequence[NamedAgent]:
    """Return all agents of the account, deactivated ones as well."""
    found = session.execute(
        select(AccountUser.user_id, AccountUser.name, AccountUser.email, AccountUser.active)
        .where(AccountUser.account_id == account_id)
        .order_by(AccountUser.user_id)
    )
    return [NamedAgent(id=row.user_id, name=row.name, email=row.email, active=row.active) for row in found]


def add_inboxes(session: Session, account_id: int, names: Iterable[str]) -> Sequence[NamedRow]:
    """Make inboxes of these names, and return them; a name that somebody has just taken is left out."""
    rows = [{"account_id": account_id, "name": name} for name in names]
    made = insert_new(Inbox, ("account_id", "name")).returning(table_of(Inbox).c.id, table_of(Inbox).c.name)
    return [NamedRow(row.id, row.name) for row in session.execute(made, bind_json(rows))]


def add_labels(session: Session, account_id: int, titles: Collection[str]) -> None:
    """Make those of the labels that are missing."""
    rows = [{"account_id": account_id, "title": title} for title in sorted(titles)]
    session.execute(insert_new(Label, ("account_id", "title")), bind_json(rows))


def add_agents(session: Session, account_id: int, names: Mapping[str, str]) -> Sequence[NamedAgent]:
    """Make agents of these addresses and names, and return them; without a password they cannot log in.

    Each gets a log-in of this account's own, whatever other accounts have of the address.
    """
    ids = log_ins.add(session, len(names))
    rows = [
        {
            "account_id": account_id,
            "user_id": user_id,
            "log_in_id": user_id,
            "name": name,
            "email": email,
            "role": Role.AGENT,
        }
        for user_id, (email, name) in zip(ids, names.items(), strict=True)
    ]
    session.execute(
        insert_new(AccountUser, ("account_id", "user_id", "log_in_id", "name", "email", "role")), bind_json(rows)
    )
    return [one for one in agents(session, account_id) if one.email in names]


def address_of(account_id: int, name: str) -> str:
    """Return an address that reaches nobody (RFC 2606), the same for names that differ in case or spaces only.

    What else is lost of a name on its way to an address is made up for by its digest.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
    exact = readable == name.lower().replace(" ", "-")
    local = readable if exact else f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:10]}".strip("-")
    return f"{local}@account-{account_id}.invalid"


def add_members(session: Session, account_id: int, members: Iterable[Membership]) -> None:
    """Let these agents answer these inboxes."""
    rows = [{"account_id": account_id, "inbox_id": one.inbox_id, "user_id": one.user_id} for one in members]
    session.execute(insert_new(InboxMember, ("account_id", "inbox_id", "user_id")), bind_json(rows))


def policy_id_of(session: Session, account_id: int, name: str) -> int:
    """Return the assignment policy of this name, which is there."""
    named = select(AssignmentPolicy.id).where(AssignmentPolicy.account_id == account_id, AssignmentPolicy.name == name)
    return session.scalars(named).one()
