"""Capacity policies: how much agents may hold, and what is kept from being given out (E5, E15, E16)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.audited_crud import Changed, Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies.policy_forms import CapacityPolicyEdit, ExclusionsEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.policies import capacity_policies as store
from dashboard.store.policies.capacity_policies import CapacityRow, LimitRow
from dashboard.store.postgres.bulk import json_row

POLICY = Resource(subject="agent_capacity_policy", shelf=store.shelf, unique="name")
DECIDING = ("conversation_limit", "count_only_unanswered", "excluded_labels", "exclude_older_than_hours")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityView:
    """A capacity policy with its limits."""

    id: int
    name: str
    description: str | None
    conversation_limit: int | None
    count_only_unanswered: bool
    exclusion_rules: ExclusionsEdit
    assigned_agent_count: int
    inbox_capacity_limits: tuple[LimitRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAgents:
    """Which capacity policy an agent is under."""

    agent_capacity_policy_id: int


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[CapacityView]:
    """Return the policies."""
    found = store.shelf.page(work.session, account_id, page)
    return Listed(data=tuple(_views(work, account_id, found.data)), meta=found.meta)


def show(work: UnitOfWork, account_id: int, policy_id: int) -> CapacityView | None:
    """Return the policy."""
    row = store.shelf.find(work.session, account_id, policy_id)
    return _views(work, account_id, [row])[0] if row else None


def lock(work: UnitOfWork, account_id: int, policy_id: int) -> CapacityView | None:
    """Return the policy, which nobody else changes until this transaction ends."""
    row = store.shelf.lock(work.session, account_id, policy_id)
    return _views(work, account_id, [row])[0] if row else None


def create(
    work: UnitOfWork, account_id: int, edit: CapacityPolicyEdit, *, actor_id: int | None, now: datetime
) -> CapacityView | Invalid:
    """Make a policy; it binds nobody until somebody is put under it."""
    row = audited_crud.add(work, account_id, POLICY, columns(edit), cause=ActorContext(actor_id=actor_id, now=now))
    if isinstance(row, Invalid):
        return row
    work.notes.changed(account_id)
    return _views(work, account_id, [row])[0]


def change(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    edit: CapacityPolicyEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> CapacityView | Invalid | None:
    """Change a policy; its version goes up when it decides differently."""
    before = store.shelf.lock(work.session, account_id, policy_id)
    if before is None:
        return None
    values = _judged(work, account_id, before, columns(edit), seen=seen)
    if isinstance(values, Stale):
        return values
    changed = write(work, account_id, before, values, cause=ActorContext(actor_id=actor_id, now=now))
    if isinstance(changed, Invalid):
        return changed
    work.notes.touched(account_id, is_all=changed.differs_in(*DECIDING))
    return _views(work, account_id, [changed.after])[0]


def write(
    work: UnitOfWork, account_id: int, before: CapacityRow, values: Mapping[str, Any], *, cause: ActorContext
) -> Changed[CapacityRow] | Invalid:
    """Write a change of a policy that this transaction has locked, with its next version if it decides differently."""
    values = dict(values)
    if any(getattr(before, name) != values.get(name, getattr(before, name)) for name in DECIDING):
        values |= {"version": before.version + 1, "updated_at": cause.now}
    return audited_crud.change(work, account_id, POLICY, before, values=values, cause=cause)


def remove(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> CapacityRow | Stale | None:
    """Remove a policy; nobody is under it any more, and its exclusions are lifted."""
    before = store.shelf.lock(work.session, account_id, policy_id)
    if before is None:
        return None
    if isinstance(stale := _judged(work, account_id, before, {}, seen=seen), Stale):
        return stale
    cause, limits = ActorContext(actor_id=actor_id, now=now), store.limits_of(work.session, account_id, [policy_id])
    let_go = store.let_go(work.session, account_id, policy_id)
    audit_log.write(work, account_id, [agents_of_policy(agent_id, policy_id, None) for agent_id in let_go], cause)
    lifted = [
        AuditedChange(subject="inbox_capacity_limit", subject_id=one.id, before=one)
        for one in limits.get(policy_id, ())
    ]
    audit_log.write(work, account_id, lifted, cause)
    audited_crud.remove(work, account_id, POLICY, before, cause=cause)
    work.notes.touched(account_id, is_all=True)
    return before


def agents_of_policy(agent_id: int, before_id: int | None, after_id: int | None) -> AuditedChange:
    """Return how the audit log tells that an agent is under another policy."""
    return AuditedChange(
        subject="agent_capacity",
        subject_id=agent_id,
        before=None if before_id is None else PolicyAgents(agent_capacity_policy_id=before_id),
        after=None if after_id is None else PolicyAgents(agent_capacity_policy_id=after_id),
    )


def _judged(
    work: UnitOfWork, account_id: int, before: CapacityRow, values: Mapping[str, Any], *, seen: Baseline
) -> dict[str, Any] | Stale:
    """Return what is to be written; callers of the API saw the policy with its limits."""
    [view] = _views(work, account_id, [before])
    return seen.judged(values, {**json_row(before), **json_row(view)})


def _views(work: UnitOfWork, account_id: int, rows: Collection[CapacityRow]) -> list[CapacityView]:
    limits = store.limits_of(work.session, account_id, [row.id for row in rows])
    return [
        CapacityView(
            id=row.id,
            name=row.name,
            description=row.description,
            conversation_limit=row.conversation_limit,
            count_only_unanswered=row.count_only_unanswered,
            exclusion_rules=ExclusionsEdit(
                excluded_labels=row.excluded_labels, exclude_older_than_hours=row.exclude_older_than_hours
            ),
            assigned_agent_count=row.assigned_agent_count,
            inbox_capacity_limits=limits.get(row.id, ()),
        )
        for row in rows
    ]


def columns(edit: CapacityPolicyEdit) -> dict[str, Any]:
    """Return what is written: the exclusion rules are two columns."""
    values = sent_fields(edit)
    if "exclusion_rules" in values:
        rules = values.pop("exclusion_rules") or ExclusionsEdit()
        values |= {
            "excluded_labels": rules.excluded_labels,
            "exclude_older_than_hours": rules.exclude_older_than_hours,
        }
    return values


def edit_of(values: Mapping[str, Any]) -> CapacityPolicyEdit:
    """Return the edit that writes these columns; the exclusion rules come together."""
    rules = ("excluded_labels", "exclude_older_than_hours")
    plain = ("name", "description", "conversation_limit", "count_only_unanswered")
    edit = {name: values[name] for name in plain if name in values}
    if rules[0] in values:
        edit["exclusion_rules"] = ExclusionsEdit(**{name: values[name] for name in rules})
    return CapacityPolicyEdit(**edit)


def flat(view: CapacityView) -> dict[str, Any]:
    """Return a policy as its columns."""
    return {
        "name": view.name,
        "description": view.description,
        "conversation_limit": view.conversation_limit,
        "count_only_unanswered": view.count_only_unanswered,
        **json_row(view.exclusion_rules),
    }
