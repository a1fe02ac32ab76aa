"""A policy and the inboxes that it serves, saved together from one form: all of it or nothing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from dashboard.services import policies
from dashboard.services.auditing import Cause
from dashboard.services.desk import Desk
from dashboard.services.forms.policies import AssignmentPolicyEdit, PolicyChoice
from dashboard.services.policies import PolicyRow
from dashboard.services.refusals import Invalid, invalid
from dashboard.services.together import all_or_nothing

GONE = "One of these inboxes is no longer there."


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
    with all_or_nothing(desk) as whole:
        made = policies.create(whole.desk, account_id, edit, actor_id=actor_id, now=now)
        if isinstance(made, Invalid):
            return made
        if refusal := _link(whole.desk, account_id, made.id, served, cause=Cause(actor_id=actor_id, now=now)):
            return refusal
        whole.commit(account_id, reach=served)
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
    """Change a policy, and link and unlink what changed of its inboxes.

    The inboxes first: whoever links one of them elsewhere takes these locks in that order.
    """
    cause = Cause(actor_id=actor_id, now=now)
    with all_or_nothing(desk) as whole:
        if policies.show(whole.desk, account_id, policy_id) is None:
            return None
        if refusal := _link(whole.desk, account_id, policy_id, served.after - served.before, cause=cause):
            return refusal
        _unlink(whole.desk, account_id, policy_id, served.before - served.after, cause=cause)
        changed = policies.change(whole.desk, account_id, policy_id, edit, actor_id=actor_id, now=now)
        if isinstance(changed, PolicyRow):
            linked = policies.inboxes_of(whole.desk, account_id, policy_id) or ()
            whole.commit(account_id, reach={*(inbox.id for inbox in linked), *served.before, *served.after})
        return changed


def _link(desk: Desk, account_id: int, policy_id: int, inbox_ids: Iterable[int], *, cause: Cause) -> Invalid | None:
    choice = PolicyChoice(assignment_policy_id=policy_id)
    for inbox_id in sorted(inbox_ids):
        linked = policies.link(desk, account_id, inbox_id, choice, actor_id=cause.actor_id, now=cause.now)
        if not isinstance(linked, PolicyRow):
            return linked or invalid("inbox", GONE)
    return None


def _unlink(desk: Desk, account_id: int, policy_id: int, inbox_ids: Iterable[int], *, cause: Cause) -> None:
    for inbox_id in sorted(inbox_ids):
        has = policies.of_inbox(desk, account_id, inbox_id)
        if has and has.id == policy_id:
            policies.unlink(desk, account_id, inbox_id, actor_id=cause.actor_id, now=cause.now)
