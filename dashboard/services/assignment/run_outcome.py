"""Outcomes of runs: the conversations still waiting, their reasons, and the next possible wake-up."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine.decisions import HELD_BECAUSE, Assign, Decision, Outcome, PoolState, Reason, Skip, Stop
from dashboard.engine.model import PoolKey
from dashboard.engine.policy import AssignmentPolicy
from dashboard.store.assignment.run_history.run_records import RunOutcome
from dashboard.store.assignment.waiting import WaitingGroup

# A hold that ends later is seen again by the sweep before.
HOLDS_AHEAD = timedelta(days=1)
# The delay before another run looks at conversations that were locked during the batch.
SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingSummary:
    """The conversations that still wait after a run's last batch.

    `undecided` counts conversations without a decision; `goes_on` is true if another run follows at once. `decisions`
    are those of the plan under `policy`.
    """

    left: Sequence[WaitingGroup]
    standings: Mapping[PoolKey, PoolState]
    undecided: int
    goes_on: bool
    decisions: Sequence[Decision]
    policy: AssignmentPolicy

    def by_reason(self) -> Counter[Reason]:
        """Count the waiting conversations by reason."""
        counts: Counter[Reason] = Counter()
        for group in self.left:
            counts[self._reason(group)] += group.count
        undecided = min(self.undecided, counts[Reason.LOST_RACE])
        counts.update({Reason.INTERNAL_ERROR: undecided, Reason.LOST_RACE: -undecided})
        for reason, count in Counter(self._single).items():
            own = min(count, counts[Reason.LOST_RACE])
            counts.update({reason: own, Reason.LOST_RACE: -own})
        if self.goes_on:
            del counts[Reason.LOST_RACE]
        return +counts

    def next_at(self, now: datetime) -> datetime | None:
        """Return the first instant at which a run may assign some of them without any other event (E30)."""
        waits = {group.pool for group in self.left if not _kept(group)}
        slots = [(key, standing.next_slot_at) for key, standing in self.standings.items()]
        instants = [at for key, at in slots if at and (key in waits or (key.is_overflow and waits))]
        instants += [g.held_until for g in self.left if g.held_until and g.held_until - now <= HOLDS_AHEAD]
        instants += [one.until for one in self._kept if one.until]
        instants += [at for group in self.left for at in self._widens_at(group) if at > now]
        if self.by_reason()[Reason.LOST_RACE]:
            instants.append(now + SOON)
        return min(instants, default=None)

    @property
    def _kept(self) -> list[Skip]:
        """The decisions to wait for the contact's agent, in a pool that may have somebody (E60)."""
        return [one for one in self.decisions if isinstance(one, Skip) and one.agent_id is not None]

    @property
    def _single(self) -> Iterator[Reason]:
        """The reasons of single conversations in pools that may have somebody (E60, E65)."""
        yield from (one.reason for one in self._kept)
        yield from (one.reason for one in self.decisions if isinstance(one, Stop) and one.had_it)

    def _widens_at(self, group: WaitingGroup) -> Iterator[datetime]:
        """Yield the instants at which more agents may take some of a group: skills relax, or it overflows."""
        if group.strict_since and self.policy.relaxes_after:
            yield group.strict_since + self.policy.relaxes_after
        if group.own_since and self.policy.overflows_after:
            yield group.own_since + self.policy.overflows_after

    def _reason(self, group: WaitingGroup) -> Reason:
        """Return the reason of a group; in a pool with room only locked or just created conversations remain."""
        standing = self.standings.get(group.pool)
        return _kept(group) or (standing.reason if standing else None) or Reason.LOST_RACE


def without_assigned(
    remains: WaitingSummary, assigns: Sequence[Assign], pools: Mapping[int, PoolKey]
) -> Counter[Reason]:
    """Count by reason what would remain if these were assigned; they still wait, in pools as they are afterwards.

    `pools` has each conversation's pool.
    """
    counts = remains.by_reason()
    counts[Reason.LOST_RACE] = 0
    for key, count in Counter(pools[given.conversation_id] for given in assigns).items():
        if reason := remains.standings[key].reason:
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
