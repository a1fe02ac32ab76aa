"""Builds snapshots from the rows of one reading."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.engine import model
from dashboard.engine.policy import AssignmentPolicy, ExclusionRules
from dashboard.engine.selectors import SELECTORS
from dashboard.store.assignment.candidates import CandidateTeam, SeatRow
from dashboard.store.core.rules_in_use import NO_RULES, RulesInUse
from dashboard.store.redis.heartbeats import presence_of
from dashboard.store.redis.rate_limits import LimitQuery, WindowCount
from dashboard.store.redis.rotation import RotationKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedInbox:
    """An inbox and the policy to plan it under."""

    inbox: model.Inbox
    policy: AssignmentPolicy
    uses: RulesInUse = NO_RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherCounts:
    """Figures of rules in use: unanswered conversations by agent and inbox, weights, last automatic assignments."""

    unanswered: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    weights: Mapping[int, int] = field(default_factory=dict)
    last_assigned: Mapping[int, datetime] = field(default_factory=dict)

    def weigh(self, load: Mapping[int, int]) -> int:
        """Return the load over all inboxes, each conversation by its inbox's weight (E68)."""
        if not self.weights:
            return sum(load.values())
        return sum(count * self.weights.get(inbox_id, 1) for inbox_id, count in load.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Changing figures: loads by agent and inbox, recent assignments and exclusions by inbox, orders by rotation."""

    loads: Mapping[int, Mapping[int, int]]
    recent: Mapping[int, Mapping[int, WindowCount]]
    exclusions: Mapping[int, tuple[ExclusionRules, ...]] = field(default_factory=dict)
    orders: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    skilled: Mapping[int, Sequence[model.PoolKey]] = field(default_factory=dict)
    further: FurtherCounts = field(default_factory=FurtherCounts)


class SnapshotBuilder:
    """The rows of one reading, sorted by inbox."""

    def __init__(
        self,
        places: Sequence[RoutedInbox],
        teams: Sequence[CandidateTeam],
        seats: Sequence[SeatRow],
        heard: Collection[int],
    ) -> None:
        self.places = places
        self._teams: dict[int, list[model.Team]] = {p.inbox.id: [] for p in places}
        for row in teams:
            self._teams[row.inbox_id].append(row.team)
        self._seats: dict[int, list[SeatRow]] = {p.inbox.id: [] for p in places}
        for seat in seats:
            self._seats[seat.inbox_id].append(seat)
        self._presence = {
            seat.agent_id: presence_of(
                availability=seat.availability, auto_offline=seat.auto_offline, heard=seat.agent_id in heard
            )
            for seat in seats
        }

    @property
    def eligible(self) -> set[int]:
        """The agents with a presence that a policy of these inboxes accepts."""
        return {agent for place in self.places for agent in self._online(place)}

    @property
    def spanning(self) -> set[int]:
        """The agents with a limit over all inboxes (E16, E17), or a pace (E61)."""
        capped = {team.id for teams in self._teams.values() for team in teams if team.max_open}
        return {
            seat.agent_id
            for seats in self._seats.values()
            for seat in seats
            if seat.total_capacity is not None or not capped.isdisjoint(seat.team_ids)
        }.union(self.paced)

    @property
    def paced(self) -> set[int]:
        """The agents whose last automatic assignment counts, because an inbox of the account has a pace (E61)."""
        paced = [place.inbox.id for place in self.places if place.policy.pace or place.uses.paces]
        return {seat.agent_id for inbox_id in paced for seat in self._seats[inbox_id]}

    @property
    def counted_unanswered(self) -> set[int]:
        """The agents whose limits count only unanswered conversations (E67)."""
        return {seat.agent_id for seats in self._seats.values() for seat in seats if seat.counts_unanswered}

    @property
    def compared(self) -> set[int]:
        """The agents with a load that a gate or selector compares; other loads are not counted."""
        found = self.spanning
        for place in self.places:
            compares = SELECTORS[place.policy.assignment_order].compares_loads
            seats = self._seats[place.inbox.id]
            found.update(seat.agent_id for seat in seats if compares or seat.capacity is not None)
        return found

    def shares(self, counted_for: Collection[int] | None = None) -> list[LimitQuery]:
        """Return what to ask of the rate limits: only about agents who are in play, unless others are named."""
        return [
            LimitQuery(
                inbox_id=place.inbox.id,
                agent_ids=self._online(place) if counted_for is None else counted_for,
                limit=place.policy.fair_distribution_limit,
                window=place.policy.window,
            )
            for place in self.places
            if place.policy.fair_distribution_limit
        ]

    def wheels(self) -> list[RotationKey]:
        """Return the rotations of these inboxes, each once: inboxes share a team's rotation."""
        every = [wheel(p.inbox, team) for p in self.places for team in self._team_ids(p)]
        return list({found.key: found for found in every}.values())

    def snapshot(self, place: RoutedInbox, counted: Counts) -> model.Snapshot:
        inbox_id = place.inbox.id
        recent = counted.recent.get(inbox_id, {})
        agents = [
            self._agent(seat, counted.loads.get(seat.agent_id, {}), recent.get(seat.agent_id), counted.further)
            for seat in self._seats[inbox_id]
        ]
        return model.Snapshot(
            inbox=place.inbox,
            policy=place.policy,
            agents=tuple(agents),
            teams=tuple(self._teams[inbox_id]),
            exclusions=counted.exclusions.get(inbox_id, ()),
            rotations=self._rotations(place, counted.orders) if counted.orders else {},
            skilled=tuple(counted.skilled.get(inbox_id, ())),
        )

    def _rotations(
        self, place: RoutedInbox, orders: Mapping[str, tuple[int, ...]]
    ) -> Mapping[int | None, tuple[int, ...]]:
        return {team: orders[wheel(place.inbox, team).key] for team in self._team_ids(place)}

    def _team_ids(self, place: RoutedInbox) -> tuple[int | None, ...]:
        """Return the teams whose rotations are used; None is the inbox's own."""
        teams = [team.id for team in self._teams[place.inbox.id]]
        overflow = [team_id for _, team_id in overflow_pairs([place])]
        return (None, *dict.fromkeys([*teams, *overflow]))

    def _online(self, place: RoutedInbox) -> list[int]:
        seats, eligible = self._seats[place.inbox.id], place.policy.eligible_presence
        return [seat.agent_id for seat in seats if self._presence[seat.agent_id] in eligible]

    def _agent(
        self, seat: SeatRow, load: Mapping[int, int], recent: WindowCount | None, further: FurtherCounts
    ) -> model.Agent:
        own = further.unanswered.get(seat.agent_id, {}) if seat.counts_unanswered else None
        return model.Agent(
            id=seat.agent_id,
            name=seat.name,
            presence=self._presence[seat.agent_id],
            member=seat.member,
            team_ids=seat.team_ids,
            open_here=load.get(seat.inbox_id, 0),
            open_total=further.weigh(load),
            capacity_policy_id=seat.capacity_policy_id,
            capacity=seat.capacity,
            total_capacity=seat.total_capacity,
            recent=recent.count if recent else 0,
            slot_frees_at=recent.slot_frees_at if recent else None,
            opted_out=seat.opted_out,
            opted_out_team_ids=seat.opted_out_team_ids,
            skills=seat.skills,
            last_assigned_at=further.last_assigned.get(seat.agent_id),
            counted_here=None if own is None else own.get(seat.inbox_id, 0),
            counted_total=None if own is None else further.weigh(own),
        )


def wheel(inbox: model.Inbox, team_id: int | None) -> RotationKey:
    """Return the rotation of a team's conversations, or of those without team."""
    return RotationKey(account_id=inbox.account_id, inbox_id=inbox.id, team_id=team_id)


def pairs_of(teams: Sequence[CandidateTeam]) -> list[tuple[int, int]]:
    """Return the pairs of inbox and team."""
    return [(row.inbox_id, row.team.id) for row in teams]


def overflow_pairs(places: Sequence[RoutedInbox]) -> list[tuple[int, int]]:
    """Return the pairs of inbox and overflow team (E59)."""
    found = [(place.inbox.id, place.policy) for place in places]
    return [(i, rules.overflow_team_id) for i, rules in found if rules.overflows_after and rules.overflow_team_id]
