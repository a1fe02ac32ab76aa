"""How a run ends: what it left waiting and why, and when that may change by itself."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine.decisions import Outcome, PoolState, Reason
from dashboard.store.assignment.run_records import RunOutcome
from dashboard.store.assignment.waiting import WaitingGroup

# What somebody was changing while the batch looked is looked at again.
SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSummary:
    """What waits when a run's last batch is written.

    `undecided` counts what could not be decided; `goes_on` tells that another run follows at once.
    """

    left: Sequence[WaitingGroup]
    standings: Mapping[int | None, PoolState]
    undecided: int
    goes_on: bool

    def by_reason(self) -> Counter[Reason]:
        """Count what is left by reason."""
        counts: Counter[Reason] = Counter()
        for group in self.left:
            counts[self._reason(group)] += group.count
        undecided = min(self.undecided, counts[Reason.LOST_RACE])
        counts.update({Reason.INTERNAL_ERROR: undecided, Reason.LOST_RACE: -undecided})
        if self.goes_on:
            del counts[Reason.LOST_RACE]
        return +counts

    def next_at(self, now: datetime) -> datetime | None:
        """Return the first instant at which some of it may be given out without anybody doing anything (E30)."""
        waits = {group.team_id for group in self.left if not _kept(group)}
        instants = [s.next_slot_at for team, s in self.standings.items() if team in waits and s.next_slot_at]
        if self.by_reason()[Reason.LOST_RACE]:
            instants.append(now + SOON)
        return min(instants, default=None)

    def _reason(self, group: WaitingGroup) -> Reason:
        """Return why these wait; behind an open pool is left only what was being changed, or came just now."""
        standing = self.standings.get(group.team_id)
        return _kept(group) or (standing.reason if standing else None) or Reason.LOST_RACE


def ended(remains: WaitingSummary, assigned: int) -> RunOutcome:
    """Return the ending of a run that went through."""
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
    """Return the ending of a run that a switch stopped, before anything or between batches (E1, E2)."""
    return RunOutcome(
        outcome=Outcome.ASSIGNED if assigned else Outcome.STOP,
        reason=None if assigned else reason,
        assigned_count=assigned,
        left_waiting={},
    )


def failed(reason: Reason, assigned: int, message: str) -> RunOutcome:
    """Return the ending of a run that a store or a bug broke off; what earlier batches wrote stays (E43)."""
    return RunOutcome(outcome=Outcome.ERROR, reason=reason, assigned_count=assigned, left_waiting={}, message=message)


def _kept(group: WaitingGroup) -> Reason | None:
    if group.by_label:
        return Reason.EXCLUDED_LABEL
    if group.by_age:
        return Reason.EXCLUDED_AGE
    return Reason.CONTACT_BEING_SERVED if group.being_served else None
