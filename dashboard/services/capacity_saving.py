"""A capacity policy with its limits by inbox, saved together from one form."""

from collections.abc import Mapping
from datetime import datetime

from dashboard.services import capacity, capacity_limits
from dashboard.services.capacity import CapacityView
from dashboard.services.capacity_limits import LimitKey
from dashboard.services.desk import Desk
from dashboard.services.forms.policies import CapacityPolicyEdit, InboxLimitEdit
from dashboard.services.refusals import Invalid


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
    made = capacity.create(desk, account_id, edit, actor_id=actor_id, now=now)
    if isinstance(made, CapacityView):
        _limit(desk, account_id, made, limits=limits, actor_id=actor_id, now=now)
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
    """Change a policy, then what differs of its limits; inboxes that are not named keep theirs."""
    changed = capacity.change(desk, account_id, policy_id, edit, actor_id=actor_id, now=now)
    if isinstance(changed, CapacityView):
        _limit(desk, account_id, changed, limits=limits, actor_id=actor_id, now=now)
    return changed


def _limit(
    desk: Desk, account_id: int, policy: CapacityView, *, limits: Mapping[int, int | None], actor_id: int, now: datetime
) -> None:
    standing = {row.inbox_id: row for row in policy.inbox_capacity_limits}
    for inbox_id, limit in limits.items():
        row = standing.get(inbox_id)
        if row is None and limit is not None:
            edit = InboxLimitEdit(inbox_id=inbox_id, conversation_limit=limit)
            capacity_limits.create(desk, account_id, policy.id, edit, actor_id=actor_id, now=now)
        elif row is not None:
            _change(desk, account_id, LimitKey(policy_id=policy.id, limit_id=row.id), limit, actor_id=actor_id, now=now)


def _change(desk: Desk, account_id: int, key: LimitKey, limit: int | None, *, actor_id: int, now: datetime) -> None:
    if limit is None:
        capacity_limits.remove(desk, account_id, key, actor_id=actor_id, now=now)
    else:
        edit = InboxLimitEdit(conversation_limit=limit)
        capacity_limits.change(desk, account_id, key, edit, actor_id=actor_id, now=now)
