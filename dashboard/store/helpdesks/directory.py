"""The inboxes, teams and agents of a connection, and their links to those here."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, exists, func, select, update

from dashboard.engine.model import ConnectionMode, Presence
from dashboard.store.models import ConnectedAgent, ConnectedInbox, ConnectedTeam
from dashboard.store.postgres.bulk import bind_json, json_row, upsert_rows
from dashboard.store.postgres.database import Session

R = TypeVar("R")
Model = type[ConnectedInbox] | type[ConnectedTeam] | type[ConnectedAgent]
KEY = ("connection_id", "external_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLink:
    """An inbox of the helpdesk and its inbox here."""

    account_id: int
    connection_id: int
    external_id: str
    name: str
    channel: str | None = None
    inbox_id: int | None = None
    mode: ConnectionMode = ConnectionMode.OFF
    own_assignment: bool | None = None
    group_id: str | None = None
    waiting: int | None = None
    stopped_at: datetime | None = None
    gone_at: datetime | None = None
    unread_since: datetime | None = None

    @property
    def is_chosen(self) -> bool:
        """Return whether its conversations are mirrored."""
        return self.mode is not ConnectionMode.OFF and self.inbox_id is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamLink:
    """A team of the helpdesk and its team here."""

    account_id: int
    connection_id: int
    external_id: str
    name: str
    team_id: int | None = None
    own_assignment: bool | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLink:
    """A person of the helpdesk and the confirmed agent here."""

    account_id: int
    connection_id: int
    external_id: str
    name: str
    email: str | None = None
    agent_id: int | None = None
    ignored: bool = False
    active: bool = True
    presence: Presence | None = None
    offline_reads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """All of a connection's inboxes, teams and agents, by the helpdesk's id."""

    inboxes: Mapping[str, InboxLink]
    teams: Mapping[str, TeamLink]
    agents: Mapping[str, AgentLink]

    @property
    def chosen(self) -> list[str]:
        """Return the ids of the mirrored inboxes."""
        return sorted(link.external_id for link in self.inboxes.values() if link.is_chosen)

    @property
    def inbox_ids(self) -> list[int]:
        """Return the inboxes here."""
        return sorted(link.inbox_id for link in self.inboxes.values() if link.inbox_id is not None)

    def inbox_id(self, external_id: str) -> int | None:
        """Return the inbox here, None if it is not chosen."""
        link = self.inboxes.get(external_id)
        return link.inbox_id if link and link.is_chosen else None

    def team_id(self, external_id: str | None) -> int | None:
        """Return the team here."""
        link = self.teams.get(external_id) if external_id is not None else None
        return link.team_id if link else None

    def agent_id(self, external_id: str | None) -> int | None:
        """Return the agent here, None if nobody confirmed one."""
        link = self.agents.get(external_id) if external_id is not None else None
        return link.agent_id if link and not link.ignored else None

    def name_of_agent(self, external_id: str | None) -> str | None:
        """Return the person's name in the helpdesk."""
        link = self.agents.get(external_id) if external_id is not None else None
        return link.name if link else None


def read(session: Session, connection_id: int) -> Directory:
    """Return the whole directory of a connection."""
    return Directory(
        inboxes=_read(session, ConnectedInbox, InboxLink, connection_id),
        teams=_read(session, ConnectedTeam, TeamLink, connection_id),
        agents=_read(session, ConnectedAgent, AgentLink, connection_id),
    )


def save_inboxes(session: Session, links: Iterable[InboxLink]) -> None:
    """Insert or update these inboxes; the mode and its inbox here are not touched."""
    _save(session, ConnectedInbox, links, ("name", "channel", "own_assignment", "gone_at"))


def save_teams(session: Session, links: Iterable[TeamLink]) -> None:
    """Insert or update these teams."""
    _save(session, ConnectedTeam, links, ("name", "team_id", "own_assignment", "gone_at"))


def save_agents(session: Session, links: Iterable[AgentLink]) -> None:
    """Insert or update these agents; their matches stay."""
    _save(session, ConnectedAgent, links, ("name", "email", "active"))


def save_presences(session: Session, links: Iterable[AgentLink]) -> None:
    """Update the last presence of these agents."""
    _save(session, ConnectedAgent, links, ("presence", "offline_reads"))


def set_inbox(session: Session, connection_id: int, external_id: str, **values: Any) -> None:
    """Set columns of a connected inbox."""
    session.execute(update(ConnectedInbox).where(_one(ConnectedInbox, connection_id, external_id)).values(**values))


def end_first_readings(session: Session, connection_id: int, *, began_at: datetime) -> bool:
    """Note a complete reading that began then; False if an inbox was chosen after its beginning."""
    of_connection = ConnectedInbox.connection_id == connection_id
    read = update(ConnectedInbox).where(of_connection, ConnectedInbox.unread_since <= began_at)
    session.execute(read.values(unread_since=None))
    unread = exists().where(
        of_connection, ConnectedInbox.unread_since.is_not(None), ConnectedInbox.mode != ConnectionMode.OFF
    )
    return not session.scalar(select(unread))


def set_teams(session: Session, connection_id: int, external_ids: Collection[str], **values: Any) -> None:
    """Set columns of connected teams."""
    which = (ConnectedTeam.connection_id == connection_id, ConnectedTeam.external_id == func.any(sorted(external_ids)))
    session.execute(update(ConnectedTeam).where(*which).values(**values))


def set_agent(session: Session, connection_id: int, external_id: str, **values: Any) -> None:
    """Set columns of a connected agent."""
    session.execute(update(ConnectedAgent).where(_one(ConnectedAgent, connection_id, external_id)).values(**values))


def _read(session: Session, model: Model, kind: type[R], connection_id: int) -> dict[str, R]:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    columns = [getattr(model, name) for name in names]
    rows = session.execute(select(*columns).where(model.connection_id == connection_id).order_by(model.external_id))
    return {row.external_id: kind(**row._mapping) for row in rows}


def _save(session: Session, model: Model, links: Iterable[Any], changed: tuple[str, ...]) -> None:
    rows = sorted((json_row(link) for link in links), key=lambda row: str(row["external_id"]))
    if rows:
        session.execute(upsert_rows(model, tuple(rows[0]), key=KEY, changed=changed), bind_json(rows))


def _one(model: Model, connection_id: int, external_id: str) -> ColumnElement[bool]:
    return and_(model.connection_id == connection_id, model.external_id == external_id)
