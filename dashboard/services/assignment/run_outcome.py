"""Outcomes of runs: the conversations still waiting, their reasons, and the next possible wake-up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine.decisions import HELD_BECAUSE, Assign, Outcome, PoolState, Reason
from dashboard.store.assignment.run_records import RunOutcome
from dashboard.store.assignment.waiting import WaitingGroup

# A hold that ends later is seen again by the sweep before.
HOLDS_AHEAD = timedelta(days=1)
# The delay before another run looks at conversations that were locked during the batch.
SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSummary:
    """The conversations that still wait after a run's last batch.

    `undecided` counts conversations without a decision; `goes_on` is true if another run follows at once.
    """

    left: Sequence[WaitingGroup]
    standings: Mapping[int | None, PoolState]
    undecided: int
    goes_on: bool

    def by_reason(self) -> Counter[Reason]:
        """Count the waiting conversations by reason."""
        counts: Counter[Reason] = Counter()
        for group in self.left:
            counts[self._reason(group)] += group.count
        undecided = min(self.undecided, counts[Reason.LOST_RACE])
        counts.update({Reason.INTERNAL_ERROR: undecided, Reason.LOST_RACE: -undecided})
        if self.goes_on:
            del counts[Reason.LOST_RACE]
        return +counts

    def next_at(self, now: datetime) -> datetime | None:
        """Return the first instant at which a run may assign some of them without any other event (E30)."""
        waits = {group.team_id for group in self.left if not _kept(group)}
        instants = [s.next_slot_at for team, s in self.standings.items() if team in waits and s.next_slot_at]
        instants += [g.held_until for g in self.left if g.held_until and g.held_until - now <= HOLDS_AHEAD]
        if self.by_reason()[Reason.LOST_RACE]:
            instants.append(now + SOON)
        return min(instants, default=None)

    def _reason(self, group: WaitingGroup) -> Reason:
        """Return the reason of a group; in a pool with room only locked or just created conversations remain."""
        standing = self.standings.get(group.team_id)
        return _kept(group) or (standing.reason if standing else None) or Reason.LOST_RACE


def without_assigned(remains: WaitingSummary, assigns: Sequence[Assign]) -> Counter[Reason]:
    """Count by reason what would remain if these were assigned; they still wait, in pools as they are afterwards."""
    counts = remains.by_reason()
    counts[Reason.LOST_RACE] = 0
    for team_id, count in Counter(given.team_id for given in assigns).items():
        if reason := remains.standings[team_id].reason:
            counts[reason] -= count
    return +counts


def ended(remains: WaitingSummary, assigned: int) -> RunOutcome:
    """Return the outcome of a completed run."""
    counts = remains.by_reason()
    commonest = max(counts, key=lambda reason: counts[reason], default=Reason.NOTHING_WAITING)
    return RunOutcome(
        outcome=Outcome.ASSIGNED if assigned else Outcome.STOP,
        reason=None if assigned else commonest,
        waiting_before=assigned + sum(group.count for group in remains.left),
        assigned_count=assigned,
        left_waiting=counts,
    )


def stopped(reason: Reason, assigned: int) -> RunOutcome:
    """Return the outcome of a run that a pause stopped, before its first batch or between batches (E1, E2)."""
    return RunOutcome(
        outcome=Outcome.ASSIGNED if assigned else Outcome.STOP,
        reason=None if assigned else reason,
        assigned_count=assigned,
        left_waiting={},
    )


def failed(reason: Reason, assigned: int, message: str) -> RunOutcome:
    """Return the outcome of a run that a store or a bug ended; earlier batches stay committed (E43)."""
    return RunOutcome(outcome=Outcome.ERROR, reason=reason, assigned_count=assigned, left_waiting={}, message=message)


def _kept(group: WaitingGroup) -> Reason | None:
    if group.held_for:
        return HELD_BECAUSE[group.held_for]
    if group.by_label:
        return Reason.EXCLUDED_LABEL
    if group.by_age:
        return Reason.EXCLUDED_AGE
    return Reason.CONTACT_BEING_SERVED if group.being_served else None
