"""A capacity policy with its limits by inbox, saved together from one form: all of it or nothing."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import capacity_limits, capacity_policies
from dashboard.services.policies.capacity_limits import LimitKey, LimitRow
from dashboard.services.policies.capacity_policies import CapacityView
from dashboard.services.policies.policy_forms import CapacityPolicyEdit, InboxLimitEdit

# How a form and a refusal name the limit of an inbox.
LIMIT = "limit-"


def create(
    work: UnitOfWork,
    account_id: int,
    edit: CapacityPolicyEdit,
    *,
    limits: Mapping[int, int | None],
    actor_id: int,
    now: datetime,
) -> CapacityView | Invalid:
    """Make a policy with these limits by inbox; None is no limit."""
    made = capacity_policies.create(work, account_id, edit, actor_id=actor_id, now=now)
    if isinstance(made, Invalid):
        return made
    if refusal := _limit(work, account_id, made, limits=limits, cause=ActorContext(actor_id=actor_id, now=now)):
        return refusal
    return made


def change(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    edit: CapacityPolicyEdit,
    *,
    limits: Mapping[int, int | None],
    actor_id: int,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> CapacityView | Invalid | None:
    """Change a policy with what differs of its limits; inboxes that are not named keep theirs."""
    cause = ActorContext(actor_id=actor_id, now=now)
    standing = capacity_policies.lock(work, account_id, policy_id)
    if standing is None:
        return None
    values = seen.judged({**capacity_policies.columns(edit), **_by_name(limits)}, facts(standing, limits))
    if isinstance(values, Stale):
        return values
    edit, limits = (
        capacity_policies.edit_of(values),
        {inbox_id: values[f"{LIMIT}{inbox_id}"] for inbox_id in limits},
    )
    changed = capacity_policies.change(work, account_id, policy_id, edit, actor_id=actor_id, now=now)
    if not isinstance(changed, CapacityView):
        return changed
    if refusal := _limit(work, account_id, changed, limits=limits, cause=cause):
        return refusal
    return changed


def facts(view: CapacityView, inbox_ids: Iterable[int]) -> dict[str, Any]:
    """Return a policy with its limits as one form has them; None is no limit."""
    limits = {row.inbox_id: row.conversation_limit for row in view.inbox_capacity_limits}
    return {**capacity_policies.flat(view), **_by_name({inbox_id: limits.get(inbox_id) for inbox_id in inbox_ids})}


def _by_name(limits: Mapping[int, int | None]) -> dict[str, int | None]:
    return {f"{LIMIT}{inbox_id}": limit for inbox_id, limit in limits.items()}


def _limit(
    work: UnitOfWork, account_id: int, policy: CapacityView, *, limits: Mapping[int, int | None], cause: ActorContext
) -> Invalid | None:
    standing = {row.inbox_id: row for row in policy.inbox_capacity_limits}
    for inbox_id, limit in sorted(limits.items()):
        done = _set(work, account_id, policy.id, inbox_id, row=standing.get(inbox_id), limit=limit, cause=cause)
        if isinstance(done, Invalid):
            said = tuple(message for several in done.errors.values() for message in several)
            return Invalid(errors={f"{LIMIT}{inbox_id}": said})
    return None


def _set(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    inbox_id: int,
    *,
    row: LimitRow | None,
    limit: int | None,
    cause: ActorContext,
) -> LimitRow | Invalid | None:
    """Make, change or lift the limit of one inbox, whichever it takes."""
    by: dict[str, Any] = {"actor_id": cause.actor_id, "now": cause.now}
    if row is None and limit is not None:
        edit = InboxLimitEdit(inbox_id=inbox_id, conversation_limit=limit)
        return capacity_limits.create(work, account_id, policy_id, edit, **by)
    if row is None:
        return None
    key = LimitKey(policy_id=policy_id, limit_id=row.id)
    if limit is None:
        return capacity_limits.remove(work, account_id, key, **by)
    return capacity_limits.change(work, account_id, key, InboxLimitEdit(conversation_limit=limit), **by)
