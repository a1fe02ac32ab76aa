"""Contacts: found by identifier, created at first use, merged into each other.

An e-mail address is the same contact in upper and lower case.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from dashboard.store.models import Contact, Conversation
from dashboard.store.postgres.bulk import bind_json, rows_from_json, table_of
from dashboard.store.postgres.database import Session

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """A contact as a request names it."""

    identifier: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """A contact; a merged contact has no conversations."""

    id: int
    identifier: str
    name: str | None
    merged_into_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A conversation that moved to another contact."""

    id: int
    inbox_id: int


FACTS = [getattr(Contact, name) for name in ContactFacts.__slots__]


def key(identifier: str) -> str:
    """Return the stored form of an identifier: e-mail addresses in lower case."""
    return identifier.lower() if ADDRESS.fullmatch(identifier) else identifier


def ensure(session: Session, account_id: int, drafts: Iterable[ContactDraft]) -> Mapping[str, int]:
    """Return the contacts' ids by given identifier; a given name replaces the stored one.

    A merged contact is replaced by the contact that it was merged into. Rows are written in the order of their
    identifiers, so that two transactions with the same contacts do not deadlock.
    """
    keys: dict[str, str] = {}
    named: dict[str, str | None] = {}
    for draft in drafts:
        kept = keys[draft.identifier] = key(draft.identifier)
        named[kept] = draft.name or named.get(kept)
    if not named:
        return {}
    _write(session, [{"account_id": account_id, "identifier": one, "name": named[one]} for one in sorted(named)])
    rows = session.execute(select(*FACTS).where(Contact.account_id == account_id, Contact.identifier.in_(named)))
    found = {row.identifier: _facts(row) for row in rows}
    return {identifier: root(session, found[kept]).id for identifier, kept in keys.items()}


def find(session: Session, account_id: int, identifier: str) -> ContactFacts | None:
    """Return the contact with this identifier, merged or not."""
    which = (Contact.account_id == account_id, Contact.identifier == key(identifier))
    row = session.execute(select(*FACTS).where(*which)).one_or_none()
    return _facts(row) if row else None


def some(session: Session, account_id: int, ids: Collection[int]) -> list[ContactFacts]:
    """Return those of these contacts that the account has."""
    rows = session.execute(select(*FACTS).where(Contact.account_id == account_id, Contact.id.in_(ids)))
    return list(map(_facts, rows))


def root(session: Session, contact: ContactFacts) -> ContactFacts:
    """Return the final contact after all merges; the contact itself if it was not merged."""
    while contact.merged_into_id is not None:
        contact = _facts(session.execute(select(*FACTS).where(Contact.id == contact.merged_into_id)).one())
    return contact


def lock(session: Session, account_id: int, ids: Collection[int]) -> None:
    """Lock these contacts against merges until this transaction ends."""
    which = (Contact.account_id == account_id, Contact.id.in_(ids))
    session.execute(select(Contact.id).where(*which).order_by(Contact.id).with_for_update(key_share=True))


def set_merged(session: Session, contact_id: int, into_id: int | None) -> None:
    """Write the contact that this one is merged into; None undoes a merge."""
    session.execute(update(Contact).where(Contact.id == contact_id).values(merged_into_id=into_id))


def give_conversations(
    session: Session, account_id: int, *, of: int, to: int, only: Collection[int] | None = None
) -> Sequence[Followed]:
    """Move one contact's conversations, or only those in `only`, to another contact; return them by id."""
    which = [Conversation.account_id == account_id, Conversation.contact_id == of]
    if only is not None:
        which.append(Conversation.id.in_(only))
    held = select(Conversation.id).where(*which).order_by(Conversation.id).with_for_update(key_share=True)
    given_away = update(Conversation).where(Conversation.id.in_(held)).values(contact_id=to)
    rows = session.execute(given_away.returning(Conversation.id, Conversation.inbox_id))
    return sorted((Followed(id=row.id, inbox_id=row.inbox_id) for row in rows), key=lambda one: one.id)


def _facts(row: Row[Any]) -> ContactFacts:
    return ContactFacts(**row._mapping)


def _write(session: Session, rows: list[dict[str, object]]) -> None:
    """Insert new contacts and update changed names; unchanged rows are not written."""
    source = rows_from_json(Contact)
    statement = insert(table_of(Contact)).from_select(
        ["account_id", "identifier", "name"], select(source.c.account_id, source.c.identifier, source.c.name)
    )
    new = statement.excluded.name
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Contact.account_id, Contact.identifier],
            set_={"name": new},
            where=new.is_not(None) & Contact.name.is_distinct_from(new),
        ),
        bind_json(rows),
    )
