"""Who writes: found by identifier, made when first seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from dashboard.store.bulk import given, sent, table_of
from dashboard.store.database import Session
from dashboard.store.models import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """A contact as somebody names it."""

    identifier: str
    name: str | None = None


def ensure(session: Session, account_id: int, drafts: Iterable[ContactDraft]) -> Mapping[str, int]:
    """Return the contacts' ids by identifier, in two statements; a name that is given replaces the one that is known.

    Written in the order of their identifiers, so that two transactions with the same contacts do not deadlock.
    """
    named: dict[str, str | None] = {}
    for draft in drafts:
        named[draft.identifier] = draft.name or named.get(draft.identifier)
    if not named:
        return {}
    _write(session, [{"account_id": account_id, "identifier": key, "name": named[key]} for key in sorted(named)])
    found = select(Contact.identifier, Contact.id).where(
        Contact.account_id == account_id, Contact.identifier.in_(named)
    )
    return {row.identifier: row.id for row in session.execute(found)}


def _write(session: Session, rows: list[dict[str, object]]) -> None:
    """Insert who is new and rename who is called otherwise; whoever stays the same is not touched."""
    source = given(Contact)
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
        sent(rows),
    )
