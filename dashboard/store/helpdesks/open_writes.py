"""Writes that have not ended: while one is open, the mirror keeps our choice until the helpdesk contradicts it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from dashboard.store.models import HelpdeskWrite
from dashboard.store.models.connections import WriteKind, WriteState
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWrite:
    """A write in the helpdesk that has not ended."""

    id: int
    account_id: int
    connection_id: int
    conversation_id: int
    inbox_id: int
    kind: WriteKind
    agent_id: int | None
    run_id: int | None
    expected_assignee: str | None
    expected_team: str | None
    attempts: int
    at: datetime
    sent_at: datetime | None


COLUMNS = [getattr(HelpdeskWrite, name) for name in OpenWrite.__slots__]
OPEN = select(*COLUMNS).where(HelpdeskWrite.state == WriteState.WRITING)


def newest_of(session: Session, conversation_ids: Collection[int]) -> Mapping[int, OpenWrite]:
    """Return the newest open write of each of these conversations."""
    wanted = OPEN.where(HelpdeskWrite.conversation_id == func.any(sorted(conversation_ids)))
    rows = session.execute(wanted.order_by(HelpdeskWrite.id))
    return {row.conversation_id: OpenWrite(**row._mapping) for row in rows}


def end(session: Session, write_id: int, state: WriteState, *, now: datetime, reason: str | None = None) -> bool:
    """End an open write; False if it has ended already."""
    confirmed = state is WriteState.WRITTEN
    values = {"state": state, "reason": reason, "leased_until": None}
    times = {"written_at": func.coalesce(HelpdeskWrite.written_at, now), "confirmed_at": now} if confirmed else {}
    which = (HelpdeskWrite.id == write_id, HelpdeskWrite.state == WriteState.WRITING)
    ended = update(HelpdeskWrite).where(*which).values(**values, **times).returning(HelpdeskWrite.id)
    return session.scalar(ended) is not None
