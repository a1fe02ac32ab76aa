"""Which helpdesk decides about an inbox or a team here: its name, members and conversations are changed there (C2)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, any_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from dashboard.engine.model import ConnectionMode, Status
from dashboard.store.models import (
    ConnectedAgent,
    ConnectedConversation,
    ConnectedInbox,
    ConnectedTeam,
    Connection,
    Conversation,
)
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """A helpdesk that decides; `mode` is None for a team, which may serve several inboxes."""

    connection_id: int
    name: str
    mode: ConnectionMode | None = None

    @property
    def is_live(self) -> bool:
        """Return whether assignments here are written there."""
        return self.mode is ConnectionMode.LIVE


def of_inboxes(session: Session, account_id: int, inbox_ids: Collection[int]) -> Mapping[int, Master]:
    """Return the helpdesks of those of these inboxes that are in one."""
    wanted = select(ConnectedInbox.inbox_id, Connection.id, Connection.name, ConnectedInbox.mode).join(
        Connection, Connection.id == ConnectedInbox.connection_id
    )
    rows = session.execute(
        wanted.where(*_ours(ConnectedInbox.account_id, ConnectedInbox.inbox_id, account_id, inbox_ids))
    )
    return {row.inbox_id: Master(connection_id=row.id, name=row.name, mode=row.mode) for row in rows}


def of_inbox(session: Session, account_id: int, inbox_id: int) -> Master | None:
    """Return the inbox's helpdesk, if it is in one."""
    return of_inboxes(session, account_id, [inbox_id]).get(inbox_id)


def of_team(session: Session, account_id: int, team_id: int) -> Master | None:
    """Return the team's helpdesk, if it is in one."""
    wanted = select(Connection.id, Connection.name).join(ConnectedTeam, Connection.id == ConnectedTeam.connection_id)
    row = session.execute(
        wanted.where(*_ours(ConnectedTeam.account_id, ConnectedTeam.team_id, account_id, [team_id]))
    ).one_or_none()
    return Master(connection_id=row.id, name=row.name) if row else None


def of_label(session: Session, account_id: int, title: str) -> Master | None:
    """Return a helpdesk with an open conversation that carries the label."""
    from_there = (
        select(Connection.id, Connection.name)
        .join(ConnectedConversation, ConnectedConversation.connection_id == Connection.id)
        .join(Conversation, Conversation.id == ConnectedConversation.conversation_id)
        .where(
            Conversation.account_id == account_id,
            Conversation.status == Status.OPEN,
            literal(title) == any_(Conversation.labels),
        )
    )
    row = session.execute(from_there.limit(1)).one_or_none()
    return Master(connection_id=row.id, name=row.name) if row else None


def knows_agent(session: Session, connection_id: int, agent_id: int) -> bool:
    """Return whether the agent is somebody active in the helpdesk."""
    there = select(ConnectedAgent.agent_id).where(
        ConnectedAgent.connection_id == connection_id,
        ConnectedAgent.agent_id == agent_id,
        ConnectedAgent.active,
        ~ConnectedAgent.ignored,
    )
    return session.scalar(there) is not None


def _ours(
    account: InstrumentedAttribute[int], thing: InstrumentedAttribute[int | None], account_id: int, ids: Collection[int]
) -> tuple[ColumnElement[bool], ...]:
    return account == account_id, thing == func.any(sorted(ids))
