"""The workload board: every agent with their presence, what they hold against their limits, and their fair share."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from dashboard.engine.model import Presence, Team
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.verdicts import AtTeamLimit
from dashboard.services.board import agent_status
from dashboard.services.board.agent_status import (
    AgentStatus,
    CandidatesByInbox,
    Inboxes,
    StatusKind,
    StatusReader,
)
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.board import agents as rows
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.page_values import Choice, Scope, Since
from dashboard.store.redis.rate_limits import WindowCount

PAGE = 50
STATES = tuple(StatusKind)


class Sort(StrEnum):
    """What the agents are sorted by."""

    NAME = "name"
    PRESENCE = "presence"
    LOAD = "load"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Which agents are shown, in which order; `page` counts from 1."""

    inbox_id: int | None = None
    team_id: int | None = None
    presence: Presence | StatusKind | None = None
    sort: Sort = Sort.NAME
    page: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FairShare:
    """How much of their share of automatic assignments somebody has had."""

    count: int
    limit: int
    slot_frees_at: datetime | None

    @property
    def spent(self) -> bool:
        """Tell whether they must wait for the next slot, and when that is free is known."""
        return self.count >= self.limit and self.slot_frees_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadBar:
    """What an agent holds in one inbox, or with no inbox in all, against the limit if there is one.

    With a team it is what they hold in all against the team's maximum.
    """

    inbox: Choice | None
    team: Choice | None = None
    open: int
    limit: int | None
    share: FairShare | None = None

    @property
    def full(self) -> bool:
        """Tell whether the limit is reached, or passed by hand."""
        return self.limit is not None and self.open >= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadLine:
    """One agent of the board; `since` is when they became what they are, None if nobody knows.

    `until` is the end of a choice by hand.
    """

    id: int
    name: str
    presence: Presence | None
    since: datetime | None
    until: datetime | None
    state: StatusKind | None
    gauges: tuple[LoadBar, ...]
    last_assigned: Since | None
    oldest: Since | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The page of agents that was asked for; `states` counts those of the inbox and team asked for."""

    view: View
    lines: tuple[WorkloadLine, ...]
    states: Mapping[StatusKind, int]
    pages: int
    inboxes: tuple[Choice, ...]
    teams: tuple[Choice, ...]


def workload(
    work: UnitOfWork,
    scope: Scope,
    floor: StatusReader,
    *,
    inboxes: Inboxes,
    teams: Sequence[Team],
    view: View,
    now: datetime,
) -> Workload:
    """Return the page of agents that the view asks for."""
    asked = [seated for seated in floor.everybody if _asked(seated, view)]
    states = {seated.person.id: _state(seated, view) for seated in asked}
    chosen = [s for s in asked if view.presence is None or view.presence in (s.presence, states[s.person.id])]
    seen = {i: inbox for i, inbox in inboxes.items() if view.inbox_id in (None, i)}
    last = _last(work, scope.account_id, chosen, seen) if view.sort is Sort.ASSIGNED else None
    chosen.sort(key=_order(view.sort, last or {}))
    shown = chosen[(view.page - 1) * PAGE : view.page * PAGE]
    last = _last(work, scope.account_id, shown, seen) if last is None else last
    details = _details(work, scope.account_id, shown, inboxes=seen, floor=floor, last=last, now=now)
    return Workload(
        view=view,
        lines=tuple(_line(seated, view, details, teams) for seated in shown),
        states=Counter(state for state in states.values() if state),
        pages=max(1, -(-len(chosen) // PAGE)),
        inboxes=tuple(Choice(id=inbox.id, name=inbox.name) for inbox in inboxes.values()),
        teams=tuple(Choice(id=team.id, name=team.name) for team in teams) if scope.member_id is None else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Details:
    """What only the agents of one page need."""

    last: Mapping[int, Since]
    oldest: Mapping[int, Since]
    heard: Mapping[int, datetime] = field(default_factory=dict)
    recent: Mapping[int, Mapping[int, WindowCount]] = field(default_factory=dict)


def share_of(had: WindowCount | None, policy: AssignmentPolicy | None) -> FairShare | None:
    """Return how much of their share somebody has had, None without a limit or while it cannot be read."""
    limit = policy.fair_distribution_limit if policy else None
    if had is None or had.count is None or not limit:
        return None
    return FairShare(count=had.count, limit=limit, slot_frees_at=had.slot_frees_at)


def _asked(seated: CandidatesByInbox, view: View) -> bool:
    here = view.inbox_id is None or any(seat.verdicts for seat in _seats(seated, view))
    return here and (view.team_id is None or view.team_id in seated.person.team_ids)


def _seats(seated: CandidatesByInbox, view: View) -> tuple[AgentStatus, ...]:
    """Return the seats that the view is about: with an inbox chosen, the agent is seen as it sees them."""
    if view.inbox_id is None:
        return seated.seats
    return tuple(seat for seat in seated.seats if seat.inbox.id == view.inbox_id)


def _state(seated: CandidatesByInbox, view: View) -> StatusKind | None:
    return seated.state if view.inbox_id is None else agent_status.state_of(seated.presence, _seats(seated, view))


def _last(work: UnitOfWork, account_id: int, of: Sequence[CandidatesByInbox], inboxes: Inboxes) -> Mapping[int, Since]:
    return rows.last_assigned(work.session, account_id, [seated.person.id for seated in of], list(inboxes))


def _details(
    work: UnitOfWork,
    account_id: int,
    shown: Sequence[CandidatesByInbox],
    *,
    inboxes: Inboxes,
    floor: StatusReader,
    last: Mapping[int, Since],
    now: datetime,
) -> _Details:
    people = [seated.person for seated in shown]
    ids = [person.id for person in people]
    details = _Details(last=last, oldest=rows.oldest_held(work.session, account_id, ids, list(inboxes)))
    if not floor.known:
        return details
    try:
        heard = work.heartbeats.last(account_id, ids)
        recent = agent_status.more_recent(work, account_id, shown, floor.recent, inboxes=inboxes, now=now)
    except StoreUnavailable:  # it went away since presence was read: the next redraw says so
        return details
    both = {i: {**floor.recent.get(i, {}), **recent.get(i, {})} for i in inboxes}
    return replace(details, heard=heard, recent=both)


def _line(seated: CandidatesByInbox, view: View, details: _Details, teams: Sequence[Team]) -> WorkloadLine:
    person, shown = seated.person, _seats(seated, view)
    silent = person.auto_offline and not seated.present
    kept = [seat for seat in shown if seat.agent.member or seat.agent.open_here]
    by_name = sorted(kept, key=lambda seat: seat.inbox.name.casefold())
    return WorkloadLine(
        id=person.id,
        name=person.name,
        presence=seated.presence,
        since=details.heard.get(person.id) if silent else person.availability_since,
        until=person.availability_until,
        state=_state(seated, view),
        gauges=(*(_gauge(seat, details) for seat in by_name), *_total(seated, view), *_maxima(shown, teams)),
        last_assigned=details.last.get(person.id),
        oldest=details.oldest.get(person.id),
    )


def _gauge(seat: AgentStatus, details: _Details) -> LoadBar:
    return LoadBar(
        inbox=Choice(id=seat.inbox.id, name=seat.inbox.name),
        open=seat.agent.open_here,
        limit=seat.agent.capacity,
        share=share_of(details.recent.get(seat.inbox.id, {}).get(seat.agent.id), seat.inbox.policy),
    )


def _total(seated: CandidatesByInbox, view: View) -> tuple[LoadBar, ...]:
    """Return the gauge of a limit over all inboxes, where there is one."""
    limit = seated.person.total_limit
    if limit is None or view.inbox_id is not None:
        return ()
    return (LoadBar(inbox=None, open=seated.person.open, limit=limit),)


def _maxima(seats: Sequence[AgentStatus], teams: Sequence[Team]) -> tuple[LoadBar, ...]:
    """Return a gauge for each team with work here whose maximum the agent has reached (E17)."""
    reached = {team_id: no for seat in seats for team_id, no in seat.verdicts.items() if isinstance(no, AtTeamLimit)}
    found = [(team, reached[team.id]) for team in teams if team.id in reached]
    return tuple(
        LoadBar(inbox=None, team=Choice(id=team.id, name=team.name), open=no.open, limit=no.limit) for team, no in found
    )


def _order(sort: Sort, last: Mapping[int, Since]) -> Callable[[CandidatesByInbox], tuple[float, ...]]:
    """Return what to sort by. Sorting is stable, and everybody comes by name."""
    if sort is Sort.ASSIGNED:
        return lambda seated: (-last[seated.person.id].at.timestamp(),) if seated.person.id in last else (0.0,)
    if sort is Sort.PRESENCE:
        return lambda seated: (STATES.index(seated.state) if seated.state else 0,)
    return lambda seated: (-seated.person.open,) if sort is Sort.LOAD else ()
