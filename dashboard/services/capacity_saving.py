"""A capacity policy with its limits by inbox, saved together from one form: all of it or nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.services import capacity, capacity_limits
from dashboard.services.auditing import Cause
from dashboard.services.capacity import CapacityView
from dashboard.services.capacity_limits import LimitKey, LimitRow
from dashboard.services.desk import Desk
from dashboard.services.forms.policies import CapacityPolicyEdit, InboxLimitEdit
from dashboard.services.refusals import Invalid
from dashboard.services.together import all_or_nothing


def create(
    desk: Desk,
    account_id: int,
    edit: CapacityPolicyEdit,
    *,
    limits: Mapping[int, int | None],
    actor_id: int,
    now: datetime,
) -> CapacityView | Invalid:
    """Make a policy with these limits by inbox; None is no limit."""
    with all_or_nothing(desk) as whole:
        made = capacity.create(whole.desk, account_id, edit, actor_id=actor_id, now=now)
        if isinstance(made, Invalid):
            return made
        if refusal := _limit(whole.desk, account_id, made, limits=limits, cause=Cause(actor_id=actor_id, now=now)):
            return refusal
        whole.commit(account_id)
        return made


def change(
    desk: Desk,
    account_id: int,
    policy_id: int,
    edit: CapacityPolicyEdit,
    *,
    limits: Mapping[int, int | None],
    actor_id: int,
    now: datetime,
) -> CapacityView | Invalid | None:
    """Change a policy with what differs of its limits; inboxes that are not named keep theirs."""
    with all_or_nothing(desk) as whole:
        changed = capacity.change(whole.desk, account_id, policy_id, edit, actor_id=actor_id, now=now)
        if not isinstance(changed, CapacityView):
            return changed
        if refusal := _limit(whole.desk, account_id, changed, limits=limits, cause=Cause(actor_id=actor_id, now=now)):
            return refusal
        whole.commit(account_id)
        return changed


def _limit(
    desk: Desk, account_id: int, policy: CapacityView, *, limits: Mapping[int, int | None], cause: Cause
) -> Invalid | None:
    standing = {row.inbox_id: row for row in policy.inbox_capacity_limits}
    for inbox_id, limit in sorted(limits.items()):
        done = _set(desk, account_id, policy.id, inbox_id, row=standing.get(inbox_id), limit=limit, cause=cause)
        if isinstance(done, Invalid):
            return Invalid(
                errors={f"limit-{inbox_id}": tuple(said for several in done.errors.values() for said in several)}
            )
    return None


def _set(
    desk: Desk, account_id: int, policy_id: int, inbox_id: int, *, row: LimitRow | None, limit: int | None, cause: Cause
) -> LimitRow | Invalid | None:
    """Make, change or lift the limit of one inbox, whichever it takes."""
    by: dict[str, Any] = {"actor_id": cause.actor_id, "now": cause.now}
    if row is None and limit is not None:
        edit = InboxLimitEdit(inbox_id=inbox_id, conversation_limit=limit)
        return capacity_limits.create(desk, account_id, policy_id, edit, **by)
    if row is None:
        return None
    key = LimitKey(policy_id=policy_id, limit_id=row.id)
    if limit is None:
        return capacity_limits.remove(desk, account_id, key, **by)
    return capacity_limits.change(desk, account_id, key, InboxLimitEdit(conversation_limit=limit), **by)
