"""Reasons of several waiting conversations, from one read of their inboxes' snapshots."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Decision, Plan, Reason, Skip, Stop
from dashboard.engine.model import ConnectionMode, Conversation, PoolKey, Snapshot
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.engine.pools import pool_key
from dashboard.services.assignment.waiting_filter import filter_of
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import snapshots, waiting
from dashboard.store.assignment.snapshots import RoutedInbox
from dashboard.store.conversations.list_page import ConversationLine
from dashboard.store.core import skill_keys
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.inboxes import routing
from dashboard.store.inboxes.routing import Routing

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingReason:
    """The reason why a conversation waits; None: for the next run.

    An exclusion has its label and its policy, a hold its end.
    """

    reason: Reason | None = None
    label: str | None = None
    policy_name: str | None = None
    free_at: datetime | None = None
    until: datetime | None = None


def of(
    work: UnitOfWork, account_id: int, lines: Iterable[ConversationLine], *, now: datetime
) -> Mapping[int, WaitingReason]:
    """Return the reasons of the waiting conversations by id; the number of queries does not grow with the lines."""
    queues: dict[int, list[ConversationLine]] = defaultdict(list)
    for line in lines:
        if line.waiting_since:
            queues[line.inbox_id].append(line)
    routings = routing.read_many(work.session, account_id, queues) if queues else ()
    offs = {one.inbox.id: why for one in routings if (why := _off(one, now))}
    found = {line.id: why for inbox_id, why in offs.items() for line in queues[inbox_id]}
    on = [one for one in routings if one.inbox.id not in offs]
    return {**found, **_planned(work, account_id, on, queues=queues, now=now)}


def _off(one: Routing, now: datetime) -> WaitingReason | None:
    """Return why nothing of this inbox is decided, with the next opening of closed hours."""
    off = planner.switched_off(one.inbox, one.policy, now)
    is_closed = off is Reason.OUTSIDE_HOURS and one.inbox.hours
    return WaitingReason(reason=off, until=is_closed.opens_at(now) if is_closed else None) if off else None


def _planned(
    work: UnitOfWork,
    account_id: int,
    routings: Sequence[Routing],
    *,
    queues: Mapping[int, Sequence[ConversationLine]],
    now: datetime,
) -> Mapping[int, WaitingReason]:
    """Plan the waiting conversations of each inbox, and return their reasons."""
    places = [RoutedInbox(inbox=one.inbox, policy=one.policy, uses=one.uses) for one in routings if one.policy]
    lines = [line for place in places for line in queues[place.inbox.id]]
    try:
        read = snapshots.read(work.session, work.gauges, places, now=now)
    except StoreUnavailable as error:
        log.warning("waits_not_explained", account=account_id, error=str(error))
        return {line.id: WaitingReason(reason=Reason.STORE_UNAVAILABLE) for line in lines}
    contacts = {line.contact_id for line in lines if line.contact_id is not None}
    served = waiting.contacts_being_served(work.session, account_id, contacts) if contacts else frozenset()
    found: dict[int, WaitingReason] = {}
    for inbox_id, snapshot in read.items():
        queue = _queue(work, snapshot, queues[inbox_id], now)
        plan = planner.plan(replace(snapshot, waiting=queue, served_contacts=served), now)
        policy = snapshot.policy or DEFAULT_POLICY
        told = _told(plan, {one.id: pool_key(one, policy, now) for one in queue})
        if snapshot.inbox.mode is ConnectionMode.SHADOW:
            told = {one: why if why.reason else WaitingReason(reason=Reason.SHADOW) for one, why in told.items()}
        found |= told
    return found


def _queue(
    work: UnitOfWork, snapshot: Snapshot, lines: Sequence[ConversationLine], now: datetime
) -> tuple[Conversation, ...]:
    """Return the conversations as the planner needs them, with their contacts' agents where the policy asks (E60)."""
    rules = filter_of(snapshot)
    ids = [line.id for line in lines]
    preferred = waiting.preferred_agents(work.session, rules, ids, now) if rules.remembers_for else {}
    return tuple(_conversation(line, preferred.get(line.id)) for line in lines)


def _told(plan: Plan, pools: Mapping[int, PoolKey]) -> Mapping[int, WaitingReason]:
    return {
        decision.conversation_id: _because(plan, decision, pools[decision.conversation_id])
        for decision in plan.decisions
        if decision.conversation_id is not None
    }


def _because(plan: Plan, decision: Decision, key: PoolKey) -> WaitingReason:
    if isinstance(decision, Assign):
        return WaitingReason()
    if isinstance(decision, Skip):
        return WaitingReason(
            reason=decision.reason, label=decision.label, policy_name=decision.policy_name, until=decision.until
        )
    if isinstance(decision, Stop) and decision.had_it:
        return WaitingReason(reason=decision.reason, free_at=decision.next_slot_at)
    standing = plan.standings.get(key) if decision.reason is Reason.ALL_RATE_LIMITED else None
    return WaitingReason(reason=decision.reason, free_at=standing.next_slot_at if standing else None)


def _conversation(line: ConversationLine, preferred: int | None) -> Conversation:
    return Conversation(
        id=line.id,
        team_id=line.team_id,
        contact_id=line.contact_id,
        labels=line.labels,
        created_at=line.created_at,
        last_activity_at=line.last_activity_at,
        held_until=line.held_until,
        held_for=line.held_for,
        had_by=line.had_by_id,
        released_at=line.waiting_since if line.had_by_id else None,
        waiting_since=line.waiting_since,
        skills=skill_keys.skills_of(line.skill_key),
        preferred=preferred,
        due_at=line.due_at,
        returned_from=waiting.taken_from(line.returned_from, line.returned_ats),
    )
