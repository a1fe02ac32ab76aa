"""The helpdesk part of a conversation's page: its ids there, the last write, and the last shadow decision."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from dashboard.engine.model import Hold
from dashboard.helpdesks.values import ConversationKey
from dashboard.store.models import (
    AccountUser,
    ConnectedConversation,
    Connection,
    Conversation,
    HelpdeskWrite,
    ShadowDecision,
)
from dashboard.store.models.helpdesk_writes import WriteKind, WriteState
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkThere:
    """Where a conversation is in its helpdesk, and until when runs leave it alone."""

    connection_id: int
    connection_name: str
    external_id: str
    display_id: str
    held_until: datetime | None
    held_for: Hold | None

    @property
    def key(self) -> ConversationKey:
        """Return how the helpdesk's adapter addresses it."""
        return ConversationKey(id=self.external_id, display_id=self.display_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWrite:
    """The newest write of a conversation; without an agent, a release."""

    kind: WriteKind
    state: WriteState
    agent_name: str | None
    reason: str | None
    at: datetime
    written_at: datetime | None
    confirmed_at: datetime | None

    @property
    def took(self) -> timedelta | None:
        """Return the time from the decision to the write."""
        return self.written_at - self.at if self.written_at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastShadow:
    """The newest shadow decision of a conversation, and the person that took it there instead."""

    agent_id: int
    agent_name: str
    at: datetime
    taken_by_id: int | None
    taken_by: str | None
    taken_at: datetime | None
    closed_at: datetime | None

    @property
    def agreed(self) -> bool:
        """Return whether the decided agent took it."""
        return self.taken_by_id == self.agent_id


def link(session: Session, account_id: int, conversation_id: int) -> LinkThere | None:
    """Return where the conversation is; None if it is in no helpdesk."""
    names = ("connection_id", "external_id", "display_id")
    wanted = select(
        *(getattr(ConnectedConversation, name) for name in names),
        Connection.name.label("connection_name"),
        Conversation.held_until,
        Conversation.held_for,
    )
    joined = wanted.join(Connection, Connection.id == ConnectedConversation.connection_id).join(
        Conversation, Conversation.id == ConnectedConversation.conversation_id
    )
    which = (Conversation.account_id == account_id, Conversation.id == conversation_id)
    row = session.execute(joined.where(*which)).one_or_none()
    return LinkThere(**row._mapping) if row else None


def last_write(session: Session, conversation_id: int) -> LastWrite | None:
    """Return the newest write of a conversation."""
    names = ("kind", "state", "reason", "at", "written_at", "confirmed_at")
    called = (AccountUser.account_id == HelpdeskWrite.account_id) & (AccountUser.user_id == HelpdeskWrite.agent_id)
    wanted = select(*(getattr(HelpdeskWrite, name) for name in names), AccountUser.name.label("agent_name"))
    newest = wanted.outerjoin(AccountUser, called).where(HelpdeskWrite.conversation_id == conversation_id)
    row = session.execute(newest.order_by(HelpdeskWrite.id.desc()).limit(1)).one_or_none()
    return LastWrite(**row._mapping) if row else None


def last_shadow(session: Session, conversation_id: int) -> LastShadow | None:
    """Return the newest shadow decision of a conversation."""
    agent, taker = aliased(AccountUser), aliased(AccountUser)
    same = ShadowDecision.account_id
    names = ("agent_id", "at", "taken_by_id", "taken_at", "closed_at")
    wanted = (
        select(
            *(getattr(ShadowDecision, name) for name in names),
            agent.name.label("agent_name"),
            func.coalesce(taker.name, ShadowDecision.taken_by).label("taken_by"),
        )
        .join(agent, (agent.account_id == same) & (agent.user_id == ShadowDecision.agent_id))
        .outerjoin(taker, (taker.account_id == same) & (taker.user_id == ShadowDecision.taken_by_id))
        .where(ShadowDecision.conversation_id == conversation_id)
    )
    row = session.execute(wanted.order_by(ShadowDecision.id.desc()).limit(1)).one_or_none()
    return LastShadow(**row._mapping) if row else None
