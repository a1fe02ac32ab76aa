"""The waiting conversations of a plan: the filter, the order, and the snapshot with those that it may assign."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.engine import planner
from dashboard.engine.decisions import Assign
from dashboard.engine.model import AssignmentType, Conversation, Snapshot
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import draft_order, waiting
from dashboard.store.assignment.draft_order import DraftTargets
from dashboard.store.inboxes import due_instants

# A rule about single conversations may pass over any number of them: then more are read, up to this many.
MOST_LOOKED_AT = 20_000
FURTHER = 10
# Rough instants whose business hours a run counts before it reads the order; a job counts the others.
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeable:
    """A snapshot with the waiting conversations that a plan may assign.

    `is_full`: more may wait behind them.
    """

    snapshot: Snapshot
    is_full: bool = False


def filter_of(snapshot: Snapshot) -> waiting.Filter:
    """Return the filter and the order for a run's waiting conversations."""
    policy = snapshot.policy
    if policy is None:
        raise ValueError("nothing is given out without a policy")
    return waiting.Filter(
        account_id=snapshot.inbox.account_id,
        inbox_id=snapshot.inbox.id,
        priority=policy.conversation_priority,
        exclusions=snapshot.exclusions,
        one_agent_per_contact=policy.one_agent_per_contact,
        is_connected=snapshot.inbox.is_connected,
        skilled=bool(snapshot.skilled),
        relaxes_after=policy.relaxes_after,
        overflows_after=policy.overflows_after,
        remembers_for=timedelta(hours=policy.prefer_last_agent) if policy.prefer_last_agent else None,
        manual_team_ids=frozenset(t.id for t in snapshot.teams if t.assignment_type is AssignmentType.MANUAL),
    )


def with_waiting(
    work: UnitOfWork,
    snapshot: Snapshot,
    *,
    most: int,
    now: datetime,
    but: Collection[int] = (),
    hold: bool = False,
    draft: DraftTargets | None = None,
) -> Takeable:
    """Return the snapshot with the next conversations of its open pools (E9), locked if `hold` is set.

    Where a rule keeps single ones for somebody, those behind them are read too, until `most` can be assigned.
    With `draft` the order follows targets that nobody has saved.
    """
    pools = planner.open_pools(snapshot, now)
    if not pools:
        return Takeable(snapshot=snapshot)
    rules, looked = filter_of(snapshot), most
    if hold and snapshot.inbox.hours and snapshot.policy and snapshot.policy.response_targets:
        due_instants.count_hours_in(work.session, snapshot.inbox.id, most=MOST_COUNTED)
    while True:
        if draft:
            found = draft_order.first(work.session, rules, draft, pools=pools, most=looked, now=now)
        else:
            found = waiting.lock_next(work.session, rules, pools=pools, most=looked, now=now, but=but, hold=hold)
        read = replace(
            snapshot,
            waiting=found.conversations,
            served_contacts=served_contacts(work, rules, found.conversations),
        )
        takeable = Takeable(snapshot=read, is_full=len(found.conversations) == looked)
        if not takeable.is_full or looked >= MOST_LOOKED_AT or _is_enough(read, rules, most=most, now=now):
            return takeable
        looked = min(looked * FURTHER, MOST_LOOKED_AT)


def served_contacts(work: UnitOfWork, rules: waiting.Filter, conversations: Collection[Conversation]) -> frozenset[int]:
    """Return the contacts of these conversations that are served already, where the plan must know them (E10, E60)."""
    if not rules.one_agent_per_contact or rules.remembers_for is None:
        return frozenset()
    contacts = {one.contact_id for one in conversations if one.contact_id is not None}
    return waiting.contacts_being_served(work.session, rules.account_id, contacts) if contacts else frozenset()


def _is_enough(snapshot: Snapshot, rules: waiting.Filter, *, most: int, now: datetime) -> bool:
    """Return whether a plan assigns this many, or no rule passes over single conversations."""
    if rules.remembers_for is None and not any(one.returned_from for one in snapshot.waiting):
        return True
    decisions = planner.plan(snapshot, now, most=most).decisions
    return sum(isinstance(decision, Assign) for decision in decisions) >= most
