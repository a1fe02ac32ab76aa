"""An inbox's own values, changed field by field, so that two people who change different ones both succeed (E69)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.engine.policy import DEFAULT_WINDOW_SECONDS, OVERRIDABLE
from dashboard.services.core.baselines import CHANGED, NO_BASELINE, Baseline
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import assignment_policies
from dashboard.services.policies.policy_forms import PolicyChoice
from dashboard.store.inboxes import inboxes
from dashboard.store.policies.assignment_policies import InboxPolicyRow

NO_POLICY = "The inbox has no policy any more."
# A null that is the inbox's own, as the number that means the same.
WHEN_NULL: Mapping[str, int] = {"fair_distribution_limit": 0, "fair_distribution_window": DEFAULT_WINDOW_SECONDS}


def of(row: InboxPolicyRow) -> Mapping[str, Any]:
    """Return the inbox's own values by field, None where the policy decides."""
    return {name: _own(row, name) for name in OVERRIDABLE}


def change(
    work: UnitOfWork,
    account_id: int,
    inbox_id: int,
    wanted: Mapping[str, Any],
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> InboxPolicyRow | Invalid | None:
    """Change the inbox's own values; None leaves a field to the policy."""
    if inboxes.shelf.lock(work.session, account_id, inbox_id) is None:
        return None
    before = assignment_policies.of_inbox(work, account_id, inbox_id)
    if before is None:
        return invalid("overrides", NO_POLICY)
    found = seen.judged(wanted, of(before))
    if isinstance(found, Stale):
        now_own = {"overrides": dict(before.overrides)}
        return Stale(errors={"overrides": (CHANGED,)}, wanted=found.wanted, now=now_own)
    choice = PolicyChoice(assignment_policy_id=before.id, overrides=_kept(before, found))
    return assignment_policies.link(work, account_id, inbox_id, choice, actor_id=actor_id, now=now)


def _kept(before: InboxPolicyRow, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values to write; a null that nobody changed stays one, also one that no number means."""
    stands = of(before)
    return {
        name: before.overrides[name] if value == stands[name] else value
        for name, value in wanted.items()
        if value is not None or (name in before.overrides and stands[name] is None)
    }


def _own(row: InboxPolicyRow, name: str) -> Any:
    if name not in row.overrides:
        return None
    value = row.overrides[name]
    return WHEN_NULL.get(name) if value is None else value
