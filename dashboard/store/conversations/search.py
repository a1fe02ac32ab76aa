"""Search of conversations: an index serves each part, so the cost grows with the matches, not with the table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, or_, select, union
from sqlalchemy.dialects.postgresql import TSQUERY

from dashboard.store.models import Contact, Conversation, Inbox
from dashboard.store.postgres.database import Session

# Nobody pages through more search results than this.
MOST_FOUND = 1_000
LARGEST_ID = 2**63 - 1
# Exactly as in the indexes: an expression index serves only the same expression.
SUBJECT: ColumnElement[Any] = literal_column("to_tsvector('simple', coalesce(conversations.subject, ''))")
NAME: ColumnElement[Any] = literal_column("to_tsvector('simple', coalesce(contacts.name, ''))")
SIMPLE: ColumnElement[Any] = literal_column("'simple'")


def found(
    session: Session, account_id: int, text: str, *, filters: Sequence[ColumnElement[bool]], order: Sequence[Any]
) -> list[int]:
    """Return the ids of the first matches that pass the filters, in order."""
    parts = (
        select(Conversation.id).where(*filters, part).order_by(*order).limit(MOST_FOUND).subquery().select()
        for part in _parts(account_id, text)
    )
    ids = union(*parts).subquery()
    wanted = select(Conversation.id).where(Conversation.id.in_(select(ids.c.id)))
    return list(session.scalars(wanted.order_by(*order).limit(MOST_FOUND)))


def _parts(account_id: int, text: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a match: the id, the external id, the contact, or beginnings of the subject's words."""
    inboxes, words = select(Inbox.id).where(Inbox.account_id == account_id), _words(text)
    contacts = select(func.coalesce(Contact.merged_into_id, Contact.id)).where(
        Contact.account_id == account_id,
        or_(func.lower(Contact.identifier).startswith(text.lower(), autoescape=True), NAME.op("@@")(words)),
    )
    parts: list[ColumnElement[bool]] = [
        Conversation.inbox_id.in_(inboxes) & (Conversation.external_id == text),
        Conversation.contact_id.in_(contacts),
        SUBJECT.op("@@")(words),
    ]
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and int(number) <= LARGEST_ID:
        parts.append(Conversation.id == int(number))
    return parts


def _words(text: str) -> ColumnElement[Any]:
    """Return a text query for all of these words as prefixes; NULL, which matches nothing, without words."""
    words = func.nullif(cast(func.plainto_tsquery(SIMPLE, text), Text), "")
    return cast(func.replace(words, "' & ", "':* & ").concat(":*"), TSQUERY)
