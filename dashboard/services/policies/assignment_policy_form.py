"""A policy and the inboxes that it serves, saved together from one form: all of it or nothing."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.assignment_policies import PolicyRow
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, PolicyChoice

GONE = "One of these inboxes is no longer there."


def create(
    work: UnitOfWork,
    account_id: int,
    edit: AssignmentPolicyEdit,
    *,
    served: Collection[int],
    actor_id: int,
    now: datetime,
) -> PolicyRow | Invalid:
    """Make a policy and link it to these inboxes."""
    made = assignment_policies.create(work, account_id, edit, actor_id=actor_id, now=now)
    if isinstance(made, Invalid):
        return made
    if refusal := _link(work, account_id, made.id, served, cause=ActorContext(actor_id=actor_id, now=now)):
        return refusal
    return made


def change(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    edit: AssignmentPolicyEdit,
    *,
    served: Collection[int],
    actor_id: int,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> PolicyRow | Invalid | None:
    """Change a policy, and link and unlink what changed of its inboxes.

    The inboxes first: whoever links one of them elsewhere takes these locks in that order.
    """
    cause = ActorContext(actor_id=actor_id, now=now)
    before = _served(work, account_id, policy_id)
    if before is None:
        return None
    after = _wanted(seen, served, before)
    if refusal := _link(work, account_id, policy_id, after - before, cause=cause):
        return refusal
    _unlink(work, account_id, policy_id, before - after, cause=cause)
    changed = assignment_policies.change(work, account_id, policy_id, edit, actor_id=actor_id, now=now, seen=seen)
    if isinstance(changed, Stale):
        return replace(changed, wanted={**changed.wanted, "inboxes": tuple(after)})
    return changed


def _served(work: UnitOfWork, account_id: int, policy_id: int) -> frozenset[int] | None:
    found = assignment_policies.inboxes_of(work, account_id, policy_id)
    return None if found is None else frozenset(inbox.id for inbox in found)


def _wanted(seen: Baseline, served: Collection[int], before: frozenset[int]) -> frozenset[int]:
    """Return the inboxes that the policy shall serve: what somebody else linked meanwhile stays."""
    found = seen.judged({"inboxes": tuple(served)}, {"inboxes": tuple(before)})
    return before if isinstance(found, Stale) else frozenset(found["inboxes"])


def _link(
    work: UnitOfWork, account_id: int, policy_id: int, inbox_ids: Iterable[int], *, cause: ActorContext
) -> Invalid | None:
    choice = PolicyChoice(assignment_policy_id=policy_id)
    for inbox_id in sorted(inbox_ids):
        linked = assignment_policies.link(work, account_id, inbox_id, choice, actor_id=cause.actor_id, now=cause.now)
        if not isinstance(linked, PolicyRow):
            return linked or invalid("inbox", GONE)
    return None


def _unlink(
    work: UnitOfWork, account_id: int, policy_id: int, inbox_ids: Iterable[int], *, cause: ActorContext
) -> None:
    for inbox_id in sorted(inbox_ids):
        has = assignment_policies.of_inbox(work, account_id, inbox_id)
        if has and has.id == policy_id:
            assignment_policies.unlink(work, account_id, inbox_id, actor_id=cause.actor_id, now=cause.now)
