"""The planner: `plan(snapshot, now)` alone makes decisions."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from dashboard.engine.decisions import (
    Assign,
    CandidateList,
    Decision,
    DecisionTrace,
    JudgedPool,
    Plan,
    PoolState,
    Reason,
)
from dashboard.engine.model import ConnectionMode, Inbox, PoolKey, Snapshot
from dashboard.engine.ordering import ORDER
from dashboard.engine.plan_state import PlanState
from dashboard.engine.policy import AssignmentPolicy


def plan(snapshot: Snapshot, now: datetime, *, most: int | None = None) -> Plan:
    """Return one decision per waiting conversation, in the policy's order, and the final state of each pool.

    With `most`, the plan ends after this many assignments.
    """
    off = switched_off(snapshot.inbox, snapshot.policy, now)
    if off or snapshot.policy is None:
        return Plan(stop=off)
    floor = PlanState(snapshot, snapshot.policy, now)
    waiting = sorted(snapshot.waiting, key=ORDER[snapshot.policy.conversation_priority])
    if most is None or most >= len(waiting):
        decisions = [floor.decide(conversation) for conversation in waiting]
    else:
        decisions = list(_until(map(floor.decide, waiting), most))
    return Plan(decisions=tuple(decisions), standings=floor.standings())


def _until(decisions: Iterable[Decision], most: int) -> Iterator[Decision]:
    """Yield decisions until this many are assignments."""
    for decision in decisions:
        yield decision
        most -= isinstance(decision, Assign)
        if not most:
            return


def switched_off(inbox: Inbox, policy: AssignmentPolicy | None, now: datetime) -> Reason | None:
    """Return the first switch that is off (E1), else closed hours (E62), else what stops a helpdesk's inbox (C18)."""
    if not inbox.assignment_v2:
        return Reason.FEATURE_OFF
    if policy is None:
        return Reason.NO_POLICY
    if not policy.enabled:
        return Reason.POLICY_DISABLED
    if not inbox.enable_auto_assignment or inbox.mode is ConnectionMode.OFF:
        return Reason.INBOX_OFF
    if inbox.hours and not inbox.hours.is_open(now):
        return Reason.OUTSIDE_HOURS
    if inbox.is_stopped:
        return Reason.TWO_ENGINES
    return None if inbox.is_known(now) else Reason.HELPDESK_UNREACHABLE


def standings(snapshot: Snapshot, now: datetime) -> Mapping[PoolKey, PoolState]:
    """Return the state of each pool before any assignment; conversations of a closed pool need no decision (E9)."""
    return {} if snapshot.policy is None else PlanState(snapshot, snapshot.policy, now).standings()


def judged_pools(snapshot: Snapshot, now: datetime) -> Mapping[int | None, JudgedPool]:
    """Return every pool with the verdicts on its members before anything is given; nothing without a policy."""
    return {} if snapshot.policy is None else PlanState(snapshot, snapshot.policy, now).judged_pools()


def open_pools(snapshot: Snapshot, now: datetime) -> list[PoolKey]:
    """Return the pools with an eligible agent."""
    if snapshot.policy is None:
        return []
    floor = PlanState(snapshot, snapshot.policy, now)
    return [key for key in (*floor.keys, *floor.overflow_keys) if floor.is_open(key)]


def examine(snapshot: Snapshot, conversation_id: int, now: datetime) -> DecisionTrace | None:
    """Plan up to one conversation; return its decision and the verdicts of all agents just before it (E47, E48)."""
    if switched_off(snapshot.inbox, snapshot.policy, now) or snapshot.policy is None:
        return None
    floor = PlanState(snapshot, snapshot.policy, now)
    for conversation in sorted(snapshot.waiting, key=ORDER[snapshot.policy.conversation_priority]):
        if conversation.id == conversation_id:
            return floor.examine(conversation)
        floor.pass_on(conversation)
    return None


def examine_some(snapshot: Snapshot, now: datetime, *, first: int, most: int) -> list[DecisionTrace]:
    """Plan, and return `most` decisions in order with the verdicts of all agents; `first` counts from 0."""
    if switched_off(snapshot.inbox, snapshot.policy, now) or snapshot.policy is None:
        return []
    floor = PlanState(snapshot, snapshot.policy, now)
    waiting = sorted(snapshot.waiting, key=ORDER[snapshot.policy.conversation_priority])
    for conversation in waiting[:first]:
        floor.decide(conversation)
    return [floor.examine(conversation) for conversation in waiting[first : first + most]]


def seating(snapshot: Snapshot, now: datetime) -> CandidateList | None:
    """Return the verdicts in the inbox's own pool before any assignment; None without a policy."""
    return None if snapshot.policy is None else PlanState(snapshot, snapshot.policy, now).seating(PoolKey(None))
