"""A policy and the inboxes that it serves, saved together from one form."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dashboard.services import policies
from dashboard.services.desk import Desk
from dashboard.services.forms.policies import AssignmentPolicyEdit, PolicyChoice
from dashboard.services.policies import PolicyRow
from dashboard.services.refusals import Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Which inboxes a policy served when its form was opened, and which it shall serve.

    Only the difference is written: what somebody else linked meanwhile stays.
    """

    before: frozenset[int]
    after: frozenset[int]


def create(
    desk: Desk, account_id: int, edit: AssignmentPolicyEdit, *, served: Collection[int], actor_id: int, now: datetime
) -> PolicyRow | Invalid:
    """Make a policy and link it to these inboxes."""
    made = policies.create(desk, account_id, edit, actor_id=actor_id, now=now)
    if isinstance(made, PolicyRow):
        _link(desk, account_id, made.id, served, actor_id=actor_id, now=now)
    return made


def change(
    desk: Desk,
    account_id: int,
    policy_id: int,
    edit: AssignmentPolicyEdit,
    *,
    served: Served,
    actor_id: int,
    now: datetime,
) -> PolicyRow | Invalid | None:
    """Change a policy, then link and unlink what changed of its inboxes."""
    changed = policies.change(desk, account_id, policy_id, edit, actor_id=actor_id, now=now)
    if isinstance(changed, PolicyRow):
        _link(desk, account_id, policy_id, served.after - served.before, actor_id=actor_id, now=now)
        for inbox_id in sorted(served.before - served.after):
            has = policies.of_inbox(desk, account_id, inbox_id)
            if has and has.id == policy_id:
                policies.unlink(desk, account_id, inbox_id, actor_id=actor_id, now=now)
    return changed


def _link(
    desk: Desk, account_id: int, policy_id: int, inbox_ids: Collection[int], *, actor_id: int, now: datetime
) -> None:
    choice = PolicyChoice(assignment_policy_id=policy_id)
    for inbox_id in sorted(inbox_ids):
        policies.link(desk, account_id, inbox_id, choice, actor_id=actor_id, now=now)
