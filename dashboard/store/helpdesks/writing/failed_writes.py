"""Assignments that were not written in a helpdesk, with their reasons and names."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dashboard.store.models import AccountUser, Conversation, HelpdeskWrite
from dashboard.store.models.helpdesk_writes import WriteState
from dashboard.store.postgres.database import Session

NOT_DONE = (WriteState.LOST_RACE, WriteState.REFUSED, WriteState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedWrite:
    """An assignment that the helpdesk does not have; without an agent, a release."""

    conversation_id: int
    subject: str | None
    agent_id: int | None
    agent_name: str | None
    state: WriteState
    reason: str | None
    at: datetime


def newest(session: Session, connection_id: int, *, since: datetime, most: int) -> Sequence[FailedWrite]:
    """Return the writes that were not done since then, newest first."""
    names = ("conversation_id", "agent_id", "state", "reason", "at")
    called = (AccountUser.account_id == HelpdeskWrite.account_id) & (AccountUser.user_id == HelpdeskWrite.agent_id)
    wanted = (
        select(
            *(getattr(HelpdeskWrite, name) for name in names),
            Conversation.subject,
            AccountUser.name.label("agent_name"),
        )
        .join(Conversation, Conversation.id == HelpdeskWrite.conversation_id)
        .outerjoin(AccountUser, called)
        .where(
            HelpdeskWrite.connection_id == connection_id,
            HelpdeskWrite.state == func.any([state.value for state in NOT_DONE]),
            HelpdeskWrite.at >= since,
        )
    )
    rows = session.execute(wanted.order_by(HelpdeskWrite.id.desc()).limit(most))
    return [FailedWrite(**row._mapping) for row in rows]
