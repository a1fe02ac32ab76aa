"""Claims written in a helpdesk, and the later choices of people there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, insert, select
from sqlalchemy.orm import aliased

from dashboard.store.helpdesks.writing.open_writes import COLUMNS, OpenWrite
from dashboard.store.models import ConnectedAgent, HelpdeskWrite
from dashboard.store.models.helpdesk_writes import WriteKind, WriteState
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMade:
    """A claim that the helpdesk took, and the owner that a later write put back, if any."""

    write: OpenWrite
    put_back: str | None


def of_conversation(session: Session, conversation_id: int, *, since: datetime) -> Sequence[ClaimMade]:
    """Return the claims of a conversation that were written since then, oldest first."""
    later = aliased(HelpdeskWrite)
    back = (
        select(func.max(later.expected_assignee))
        .where(
            later.conversation_id == HelpdeskWrite.conversation_id,
            later.kind == WriteKind.PUT_BACK,
            later.id > HelpdeskWrite.id,
        )
        .scalar_subquery()
    )
    made = select(*COLUMNS, back.label("put_back")).where(
        HelpdeskWrite.conversation_id == conversation_id,
        HelpdeskWrite.kind == WriteKind.CLAIM,
        HelpdeskWrite.state == WriteState.WRITTEN,
        HelpdeskWrite.written_at >= since,
    )
    names = OpenWrite.__slots__
    rows = session.execute(made.order_by(HelpdeskWrite.id)).all()
    return [
        ClaimMade(write=OpenWrite(**{name: getattr(row, name) for name in names}), put_back=row.put_back)
        for row in rows
    ]


def put_back(session: Session, claim: ClaimMade, *, assignee: str, agent_id: int | None, now: datetime) -> None:
    """Insert a write that puts the replaced owner back."""
    write = claim.write
    values = {"account_id": write.account_id, "connection_id": write.connection_id, "kind": WriteKind.PUT_BACK}
    of_conversation = {"conversation_id": write.conversation_id, "inbox_id": write.inbox_id, "agent_id": agent_id}
    session.execute(
        insert(HelpdeskWrite).values(**values, **of_conversation, expected_assignee=assignee, at=now, due_at=now)
    )


def replaced_soon(session: Session, inbox_id: int, *, since: datetime, within: timedelta) -> int:
    """Return how many of the inbox's claims since then somebody there replaced within this long.

    Conversations taken from an agent that is gone there do not count: nobody chose that.
    """
    is_gone = exists().where(
        ConnectedAgent.connection_id == HelpdeskWrite.connection_id,
        ConnectedAgent.agent_id == HelpdeskWrite.agent_id,
        ~ConnectedAgent.active,
    )
    soon = select(func.count()).where(
        ~is_gone,
        HelpdeskWrite.inbox_id == inbox_id,
        HelpdeskWrite.at >= since,
        HelpdeskWrite.kind == WriteKind.CLAIM,
        HelpdeskWrite.replaced_at <= HelpdeskWrite.written_at + within,
    )
    return session.scalar(soon) or 0


def has_refused(session: Session, conversation_id: int) -> bool:
    """Return whether the helpdesk refused a write of this conversation."""
    refused = exists().where(
        HelpdeskWrite.conversation_id == conversation_id, HelpdeskWrite.state == WriteState.REFUSED
    )
    return bool(session.scalar(select(refused)))
