"""The import's look-ups and inserts: inboxes, teams, labels, agents; each kind in a fixed number of statements."""

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
    """A row with an id and a name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAgent:
    """An agent with their possible names in a file."""

    id: int
    name: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True)
class Membership:
    """An agent's membership in an inbox."""

    inbox_id: int
    user_id: int


def hold_account(session: Session, account_id: int) -> bool:
    """Lock the account so that imports run one by one; return False if there is no such account."""
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
    """Return all agents of the account, including deactivated ones."""
    found = session.execute(
        select(AccountUser.user_id, AccountUser.name, AccountUser.email, AccountUser.active)
        .where(AccountUser.account_id == account_id)
        .order_by(AccountUser.user_id)
    )
    return [NamedAgent(id=row.user_id, name=row.name, email=row.email, active=row.active) for row in found]


def add_inboxes(session: Session, account_id: int, names: Iterable[str]) -> Sequence[NamedRow]:
    """Create inboxes with these names and return them; a name that exists by now is left out."""
    rows = [{"account_id": account_id, "name": name} for name in names]
    made = insert_new(Inbox, ("account_id", "name")).returning(table_of(Inbox).c.id, table_of(Inbox).c.name)
    return [NamedRow(row.id, row.name) for row in session.execute(made, bind_json(rows))]


def add_labels(session: Session, account_id: int, titles: Collection[str]) -> None:
    """Create the missing labels."""
    rows = [{"account_id": account_id, "title": title} for title in sorted(titles)]
    session.execute(insert_new(Label, ("account_id", "title")), bind_json(rows))


def add_agents(session: Session, account_id: int, names: Mapping[str, str]) -> Sequence[NamedAgent]:
    """Create agents with these addresses and names and return them; without a password they cannot log in.

    Each gets a new log-in, even if the address has log-ins in other accounts.
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
    """Return an undeliverable address (RFC 2606); names that differ only in case or spaces get the same one.

    If the address loses other characters of the name, the name's digest is added.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:48]
    exact = readable == name.lower().replace(" ", "-")
    local = readable if exact else f"{readable}-{hashlib.sha256(name.encode()).hexdigest()[:10]}".strip("-")
    return f"{local}@account-{account_id}.invalid"


def add_members(session: Session, account_id: int, members: Iterable[Membership]) -> None:
    """Add these agents to these inboxes."""
    rows = [{"account_id": account_id, "inbox_id": one.inbox_id, "user_id": one.user_id} for one in members]
    session.execute(insert_new(InboxMember, ("account_id", "inbox_id", "user_id")), bind_json(rows))


def policy_id_of(session: Session, account_id: int, name: str) -> int:
    """Return the id of the existing assignment policy with this name."""
    named = select(AssignmentPolicy.id).where(AssignmentPolicy.account_id == account_id, AssignmentPolicy.name == name)
    return session.scalars(named).one()
