"""Reads and writes accounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, text, update

from dashboard.store.models import Account
from dashboard.store.postgres.database import Session

# The trigger of a change of labels joins their skills.
RENEW_SKILLS = text("""
WITH labelled AS (
  SELECT id FROM conversations
  WHERE account_id = :account_id AND status = 'open' AND labels <> '{}' AND labels && CAST(:labels AS text[])
  ORDER BY id FOR NO KEY UPDATE
)
UPDATE conversations SET labels = labels FROM labelled WHERE conversations.id = labelled.id
""")
LOCK = text("LOCK TABLE accounts IN SHARE ROW EXCLUSIVE MODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """A tenant."""

    id: int
    name: str
    assignment_v2: bool
    skill_labels: Mapping[str, str]


def find(session: Session, account_id: int) -> AccountRow | None:
    row = session.execute(_wanted(account_id)).one_or_none()
    return AccountRow(**row._mapping) if row else None


def lock(session: Session, account_id: int) -> AccountRow | None:
    """Return the account and lock its row until this transaction ends."""
    row = session.execute(_wanted(account_id).with_for_update(key_share=True)).one_or_none()
    return AccountRow(**row._mapping) if row else None


def hold_all(session: Session) -> None:
    """Block the creation of accounts by others until this transaction ends."""
    session.execute(LOCK)


def add(session: Session, name: str) -> int:
    """Insert an account and return its id."""
    return session.execute(insert(Account).values(name=name).returning(Account.id)).scalar_one()


def change(session: Session, account_id: int, values: Mapping[str, Any]) -> None:
    """Update these columns of the account; with new skills of labels, its open conversations require them."""
    if "skill_labels" in values:
        keys = {label: skill.casefold() for label, skill in values["skill_labels"].items()}
        values = {**values, "skill_label_keys": keys}
    session.execute(update(Account).where(Account.id == account_id).values(**values))


def apply_skill_labels(session: Session, account_id: int, labels: Collection[str]) -> None:
    """Renew the required skills of the open conversations with one of these labels, in the order of ids."""
    session.execute(RENEW_SKILLS, {"account_id": account_id, "labels": list(labels)})


def _wanted(account_id: int) -> Any:
    return select(Account.id, Account.name, Account.assignment_v2, Account.skill_labels).where(Account.id == account_id)
