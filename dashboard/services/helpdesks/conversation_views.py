"""Conversations with their helpdesk facts: their addresses there, the last write, the last shadow decision."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.helpdesks.port import HelpdeskForbids
from dashboard.helpdesks.values import ConversationKey, HelpdeskKind
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.access import helpdesk_of
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks import connections
from dashboard.store.helpdesks.pages import conversation_facts
from dashboard.store.helpdesks.pages.conversation_facts import HelpdeskFacts, ShadowFact, WriteFact
from dashboard.store.postgres.bulk import json_row

UrlOf = Callable[[ConversationKey], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A conversation in its helpdesk; `url` opens it there, and is None while the credentials cannot be read."""

    connection_id: int
    kind: HelpdeskKind
    id: str
    display_id: str
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationView(ConversationRow):
    """A conversation and its helpdesk's facts, None for one that is in none."""

    external: External | None = None
    write: WriteFact | None = None
    shadow: ShadowFact | None = None


def views(work: UnitOfWork, account_id: int, rows: Sequence[ConversationRow]) -> tuple[ConversationView, ...]:
    """Return the conversations with their helpdesks' facts; the number of queries does not grow with the rows."""
    found = conversation_facts.of(work.session, account_id, [row.id for row in rows])
    ids = sorted({facts.connection_id for facts in found.values()})
    urls = {connection_id: _url_of(work, account_id, connection_id) for connection_id in ids}
    return tuple(_view(row, found.get(row.id), urls) for row in rows)


def view(work: UnitOfWork, account_id: int, row: ConversationRow) -> ConversationView:
    """Return one conversation with its helpdesk's facts."""
    return views(work, account_id, [row])[0]


def address(work: UnitOfWork, account_id: int, connection_id: int, key: ConversationKey) -> str | None:
    """Return where people open a conversation in its helpdesk; None while the credentials cannot be read."""
    url_of = _url_of(work, account_id, connection_id)
    return url_of(key) if url_of else None


def _url_of(work: UnitOfWork, account_id: int, connection_id: int) -> UrlOf | None:
    """Return the function from ids to addresses, None for credentials that cannot be read (C3)."""
    connection = connections.shelf.find(work.session, account_id, connection_id)
    if connection is None:
        return None
    try:
        with helpdesk_of(work, connection, Urgency.WRITE) as helpdesk:
            return helpdesk.url_of
    except HelpdeskForbids:
        return None


def _view(row: ConversationRow, facts: HelpdeskFacts | None, urls: Mapping[int, UrlOf | None]) -> ConversationView:
    if facts is None:
        return ConversationView(**json_row(row))  # type: ignore[arg-type]
    url_of = urls[facts.connection_id]
    external = External(
        connection_id=facts.connection_id,
        kind=facts.kind,
        id=facts.id,
        display_id=facts.display_id,
        url=url_of(ConversationKey(id=facts.id, display_id=facts.display_id)) if url_of else None,
    )
    return ConversationView(
        **json_row(row),  # type: ignore[arg-type]
        external=external,
        write=facts.write,
        shadow=facts.shadow,
    )
