"""The helpdesk's own assignment: where it is on, switched off from here, and put back by a disconnection (C19)."""

from collections.abc import Mapping, Sequence

from dashboard.helpdesks.port import Helpdesk
from dashboard.helpdesks.values import HelpdeskInbox, HelpdeskTeam
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.access import ADAPTERS, helpdesk_of
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import directory, matches
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.directory import Directory, InboxLink, TeamLink


def where_on(work: UnitOfWork, connection: ConnectionRow, known: Directory) -> Mapping[str, bool | None]:
    """Return for each inbox whether the helpdesk assigns there or in a team that is used there; None if it never does.

    The number of queries does not grow with the inboxes.
    """
    return {
        link.external_id: _any_on([link.own_assignment, *(team.own_assignment for team in teams)])
        for link, teams in _teams(work, connection, known, list(known.inboxes.values()))
    }


def places(work: UnitOfWork, connection: ConnectionRow, known: Directory, link: InboxLink) -> Sequence[str]:
    """Return the names of the inbox and the teams where it is on."""
    own = [link.name] if link.own_assignment else []
    return own + [f"team {team.name}" for team in _teams_of(work, connection, known, link) if team.own_assignment]


def switch_off(work: UnitOfWork, connection: ConnectionRow, external_id: str, *, cause: ActorContext) -> None:
    """Switch it off in an inbox and its teams, and store the former switches. Finishes units of work.

    Raises HelpdeskUnavailable and HelpdeskForbids.
    """
    known = directory.read(work.session, connection.id)
    link = known.inboxes[external_id]
    teams = [team for team in _teams_of(work, connection, known, link) if team.own_assignment]
    if not link.own_assignment and not teams:
        return
    # Before the call: what is switched off must be put back, also if this process is killed after it.
    _keep(work, connection, link, teams, cause=cause)
    with helpdesk_of(work, connection, Urgency.WRITE) as helpdesk:
        work.finish()
        helpdesk.set_own_assignment(_inbox(link), [_team(team) for team in teams], on=False)
    if link.own_assignment is not None:
        directory.set_inbox(work.session, connection.id, external_id, own_assignment=False)
    directory.set_teams(work.session, connection.id, [team.external_id for team in teams], own_assignment=False)
    work.notes.changed(connection.account_id)
    work.finish()


def look(work: UnitOfWork, connection: ConnectionRow) -> None:
    """Read anew where it is on, unless nothing has changed since the last reading. Finishes units of work.

    Raises HelpdeskUnavailable and HelpdeskForbids.
    """
    known = directory.read(work.session, connection.id)
    with helpdesk_of(work, connection, Urgency.REREAD) as helpdesk:
        work.finish()
        marks = helpdesk.setup_marks()
        if marks is not None and marks == connection.setup_marks:
            return
        groups = {link.external_id: link.group_id for link in known.inboxes.values() if link.group_id}
        found = helpdesk.read_setup(groups)
    for inbox in found.inboxes:
        directory.set_inbox(work.session, connection.id, inbox.id, own_assignment=inbox.own_assignment)
    for team in found.teams:
        directory.set_teams(work.session, connection.id, [team.id], own_assignment=team.own_assignment)
    work.finish()


def put_back(connection: ConnectionRow, known: Directory, helpdesk: Helpdesk) -> None:
    """Put back the changed switches, with no transaction open. Raises HelpdeskUnavailable and HelpdeskForbids."""
    for external_id, off in connection.switched_off.items():
        if (link := known.inboxes.get(external_id)) is None:
            continue
        teams = [_team(team) for team in known.teams.values() if team.external_id in off["teams"]]
        helpdesk.set_own_assignment(_inbox(link), teams, on=True)
        if not off["inbox"] and link.own_assignment is not None:
            helpdesk.set_own_assignment(_inbox(link), [], on=False)  # it was off before


def _any_on(switches: Sequence[bool | None]) -> bool | None:
    return None if all(switch is None for switch in switches) else any(switches)


def _teams_of(work: UnitOfWork, connection: ConnectionRow, known: Directory, link: InboxLink) -> list[TeamLink]:
    [(_, teams)] = _teams(work, connection, known, [link])
    return teams


def _teams(
    work: UnitOfWork, connection: ConnectionRow, known: Directory, links: Sequence[InboxLink]
) -> list[tuple[InboxLink, list[TeamLink]]]:
    """Return inboxes with the teams that are used there: all of them where inboxes have no members of their own."""
    there = [team for team in known.teams.values() if team.gone_at is None]
    if not ADAPTERS[connection.kind].features.has_inbox_members:
        return [(link, there) for link in links]
    here = [link.inbox_id for link in links if link.inbox_id is not None]
    used = matches.used_teams(work.session, connection.id, here)
    return [(link, [team for team in there if team.external_id in used.get(link.inbox_id, ())]) for link in links]


def _keep(
    work: UnitOfWork, connection: ConnectionRow, link: InboxLink, teams: Sequence[TeamLink], *, cause: ActorContext
) -> None:
    now = store.shelf.lock(work.session, connection.account_id, connection.id) or connection
    kept: Mapping[str, list[str] | bool] = now.switched_off.get(link.external_id, {"inbox": False, "teams": []})
    taken = {team for off in now.switched_off.values() for team in off["teams"]}
    added = [team.external_id for team in teams if team.external_id not in taken]
    off = {
        "inbox": bool(kept["inbox"] or link.own_assignment),
        "teams": sorted({*kept["teams"], *added}),  # type: ignore[misc]
    }
    store.note(work.session, connection.id, switched_off={**now.switched_off, link.external_id: off})
    where = {"connection": connection.name, "name": link.name, "external_id": link.external_id}
    said = AuditedChange(
        subject="connected_inbox",
        subject_id=connection.id,
        before=where | {"own_assignment": True},
        after=where | {"own_assignment": False},
    )
    audit_log.write(work, connection.account_id, said, cause)


def _inbox(link: InboxLink) -> HelpdeskInbox:
    return HelpdeskInbox(id=link.external_id, name=link.name, channel=link.channel, own_assignment=link.own_assignment)


def _team(team: TeamLink) -> HelpdeskTeam:
    return HelpdeskTeam(id=team.external_id, name=team.name, own_assignment=team.own_assignment)
