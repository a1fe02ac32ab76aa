"""Members of connected inboxes and teams, as the helpdesk has them: only agents with a confirmed match (C2, C9)."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.helpdesks.values import Setup
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring import vanishing
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.services.helpdesks.mirroring.vanishing import Missing, Vanishing
from dashboard.services.inboxes.members import Members
from dashboard.store.helpdesks.directory import Directory
from dashboard.store.inboxes import members as store
from dashboard.store.inboxes.members import Owner, OwnerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedMembers:
    """The members that an inbox or a team here should have, by a complete reading."""

    owner: Owner
    name: str
    agent_ids: frozenset[int]


def apply(work: UnitOfWork, view: MirrorView, readings: Sequence[Setup], *, now: datetime) -> None:
    """Write the members of all chosen inboxes and of all teams; too many losses at once change nothing there.

    A member is lost that all readings lack.
    """
    connection = view.connection
    for wanted in _in_any(view.directory, readings):
        if not store.lock(work.session, connection.account_id, wanted.owner):
            continue
        before = _members(work, view, wanted.owner)
        # Whom a person here matched with nobody any more leaves without a question.
        known = before & _matched(view.directory)
        ids = [str(one) for one in sorted(known - wanted.agent_ids)]
        lost = Missing(kind=Vanishing.MEMBERS, ids=ids, of=len(known), where=wanted.name)
        if vanishing.may_go(work, connection, lost, now=now) and before != wanted.agent_ids:
            _write(work, connection.account_id, wanted, before=before, now=now)


def loses(work: UnitOfWork, view: MirrorView, setup: Setup) -> bool:
    """Return whether a reading lacks a member of a chosen inbox or a team."""
    matched = _matched(view.directory)
    return any(
        matched & _members(work, view, wanted.owner) - wanted.agent_ids for wanted in _in_any(view.directory, [setup])
    )


def _members(work: UnitOfWork, view: MirrorView, owner: Owner) -> frozenset[int]:
    return frozenset(store.ids(work.session, view.connection.account_id, owner) or ())


def _matched(known: Directory) -> frozenset[int]:
    found = (known.agent_id(external_id) for external_id in known.agents)
    return frozenset(agent_id for agent_id in found if agent_id is not None)


def _in_any(known: Directory, readings: Sequence[Setup]) -> list[WantedMembers]:
    """Return the members of each place by any of the readings."""
    found: dict[Owner, WantedMembers] = {}
    for wanted in (wanted for setup in readings for wanted in _wanted(known, setup)):
        before = found.get(wanted.owner)
        ids = wanted.agent_ids | before.agent_ids if before else wanted.agent_ids
        found[wanted.owner] = replace(wanted, agent_ids=ids)
    return list(found.values())


def _write(work: UnitOfWork, account_id: int, wanted: WantedMembers, *, before: Collection[int], now: datetime) -> None:
    store.replace(work.session, account_id, wanted.owner, wanted.agent_ids)
    changed = AuditedChange(
        subject=f"{wanted.owner.group}_members",
        subject_id=wanted.owner.id,
        before=Members(user_ids=tuple(sorted(before))),
        after=Members(user_ids=tuple(sorted(wanted.agent_ids))),
    )
    audit_log.write(work, account_id, changed, ActorContext(actor_id=None, now=now))


def _wanted(known: Directory, setup: Setup) -> Iterator[WantedMembers]:
    """Yield the members of each inbox or team with a readable list."""
    everybody = {member for team in setup.teams for member in team.member_ids or ()}
    teams_are_read = all(team.member_ids is not None for team in setup.teams)
    for inbox in setup.inboxes:
        link = known.inboxes.get(inbox.id)
        ids = inbox.member_ids if inbox.member_ids is not None else everybody if teams_are_read else None
        if link and link.inbox_id is not None and ids is not None:
            yield _place(known, Owner(OwnerKind.INBOX, link.inbox_id), inbox.name, ids)
    for team in setup.teams:
        team_id = known.team_id(team.id)
        if team_id is not None and team.member_ids is not None:
            yield _place(known, Owner(OwnerKind.TEAM, team_id), team.name, team.member_ids)


def _place(known: Directory, owner: Owner, name: str, external_ids: Collection[str]) -> WantedMembers:
    found = (known.agent_id(one) for one in external_ids if one in known.agents and known.agents[one].active)
    return WantedMembers(owner=owner, name=name, agent_ids=frozenset(one for one in found if one is not None))
