"""Takes over inboxes, agents, members, teams and labels, of which the helpdesk is master (C2, C9)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from dashboard.helpdesks.values import HelpdeskAgent, HelpdeskInbox, HelpdeskTeam, Setup
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring import memberships, vanishing
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.services.helpdesks.mirroring.vanishing import Missing, Vanishing
from dashboard.store.helpdesks import connections, directory, holds
from dashboard.store.helpdesks.directory import AgentLink, InboxLink, TeamLink
from dashboard.store.inboxes import inboxes, teams_and_labels
from dashboard.store.postgres.account_table import AccountTable

L = TypeVar("L", InboxLink, AgentLink, TeamLink)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupReading:
    """A complete reading, and a second one if the first lacked something that was there."""

    first: Setup
    second: Setup | None = None

    @property
    def all(self) -> list[Setup]:
        """Return the readings that were made."""
        return [self.first, self.second] if self.second else [self.first]

    def prove(self, missing: Iterable[L], kind: str) -> list[L]:
        """Return those that two readings lack; one alone proves nothing."""
        if not self.second:
            return []
        there = _ids(getattr(self.first, kind)) | _ids(getattr(self.second, kind))
        return [link for link in missing if link.external_id not in there]


def lacks(work: UnitOfWork, view: MirrorView, setup: Setup) -> bool:
    """Return whether something that was there is missing, so that a second reading must prove it."""
    known = view.directory
    inboxes_there = [link.external_id for link in known.inboxes.values() if not link.gone_at]
    teams_there = [link.external_id for link in known.teams.values() if not link.gone_at]
    agents_there = [link.external_id for link in known.agents.values() if link.active]
    return (
        not _ids(setup.inboxes).issuperset(inboxes_there)
        or not _ids(setup.teams).issuperset(teams_there)
        or not _ids(setup.agents).issuperset(agents_there)
        or memberships.loses(work, view, setup)
    )


def apply(work: UnitOfWork, view: MirrorView, reading: SetupReading, *, now: datetime) -> None:
    """Write a reading of the set-up; rows missing from two readings are gone, unless they are too many at once."""
    connection = view.connection
    # Of two readings at once, the second one must see the teams and inboxes that the first one made here.
    connections.hold(work.session, connection.id)
    view = MirrorView(connection=connection, directory=directory.read(work.session, connection.id))
    for save in (_save_inboxes, _save_agents, _save_teams):
        save(work, view, reading, now)
    for title in reading.first.labels:
        teams_and_labels.labels.add(work.session, connection.account_id, {"title": title})
    after = MirrorView(connection=connection, directory=directory.read(work.session, connection.id))
    memberships.apply(work, after, reading.all, now=now)
    holds.lift_of_gone(work.session, connection.id)
    connections.note(work.session, connection.id, setup_read_at=now, setup_marks=reading.first.marks)
    work.notes.touched(connection.account_id, is_all=True)


def _save_inboxes(work: UnitOfWork, view: MirrorView, reading: SetupReading, now: datetime) -> None:
    connection, known = view.connection, view.directory.inboxes
    found = {
        inbox.id: replace(
            known.get(inbox.id)
            or InboxLink(
                account_id=connection.account_id, connection_id=connection.id, external_id=inbox.id, name=inbox.name
            ),
            name=inbox.name,
            channel=inbox.channel,
            own_assignment=inbox.own_assignment,
            gone_at=None,
        )
        for inbox in reading.first.inboxes
    }
    missing = reading.prove((link for link in known.values() if not link.gone_at), "inboxes")
    gone = Missing(kind=Vanishing.INBOXES, ids=[link.external_id for link in missing], of=len(known))
    if vanishing.may_go(work, connection, gone, now=now):
        found |= {link.external_id: replace(link, gone_at=now) for link in missing}
    directory.save_inboxes(work.session, found.values())
    for link in found.values():
        if link.inbox_id is not None and known[link.external_id].name != link.name:
            _rename(work, inboxes.shelf, link.inbox_id, name=link.name, connection=connection.name)


def _save_agents(work: UnitOfWork, view: MirrorView, reading: SetupReading, now: datetime) -> None:
    connection, known = view.connection, view.directory.agents
    found = {
        agent.id: replace(
            known.get(agent.id)
            or AgentLink(
                account_id=connection.account_id, connection_id=connection.id, external_id=agent.id, name=agent.name
            ),
            name=agent.name,
            email=agent.email,
            active=agent.active,
        )
        for agent in reading.first.agents
    }
    missing = reading.prove((link for link in known.values() if link.active), "agents")
    there = sum(link.active for link in known.values())
    gone = Missing(kind=Vanishing.AGENTS, ids=[link.external_id for link in missing], of=there)
    if vanishing.may_go(work, connection, gone, now=now):
        found |= {link.external_id: replace(link, active=False) for link in missing}
    directory.save_agents(work.session, found.values())


def _save_teams(work: UnitOfWork, view: MirrorView, reading: SetupReading, now: datetime) -> None:
    known = view.directory.teams
    found = {team.id: _team(work, view, known, team) for team in reading.first.teams}
    missing = reading.prove((link for link in known.values() if not link.gone_at), "teams")
    gone = Missing(kind=Vanishing.TEAMS, ids=[link.external_id for link in missing], of=len(known))
    if vanishing.may_go(work, view.connection, gone, now=now):
        found |= {link.external_id: replace(link, gone_at=now) for link in missing}
    directory.save_teams(work.session, found.values())


def _team(work: UnitOfWork, view: MirrorView, known: Mapping[str, TeamLink], team: HelpdeskTeam) -> TeamLink:
    connection = view.connection
    link = known.get(team.id) or TeamLink(
        account_id=connection.account_id, connection_id=connection.id, external_id=team.id, name=team.name
    )
    team_id = link.team_id
    if team_id is None:
        names = (team.name, f"{team.name} ({connection.name})", f"{team.name} ({connection.name} {team.id})")
        add, account_id = teams_and_labels.teams.add, connection.account_id
        team_id = next((made for name in names if (made := add(work.session, account_id, {"name": name}))), None)
    elif link.name != team.name:
        _rename(work, teams_and_labels.teams, team_id, name=team.name, connection=connection.name)
    return replace(link, name=team.name, team_id=team_id, own_assignment=team.own_assignment, gone_at=None)


def _rename(work: UnitOfWork, shelf: AccountTable[Any], row_id: int, *, name: str, connection: str) -> None:
    """Take over a name of the helpdesk; one that is taken here gets the connection's name behind it."""
    if not shelf.change(work.session, row_id, {"name": name}):
        shelf.change(work.session, row_id, {"name": f"{name} ({connection})"})


def _ids(found: Iterable[HelpdeskInbox | HelpdeskAgent | HelpdeskTeam]) -> set[str]:
    return {one.id for one in found}
