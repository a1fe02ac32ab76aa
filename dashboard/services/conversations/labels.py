"""Suggested labels of an account; the removal of a suggestion does not change conversations."""

from datetime import datetime

from dashboard.services.conversations import change_records
from dashboard.services.core import audited_crud, helpdesk_refusals
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Changed, Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes.inbox_forms import NewLabel
from dashboard.services.policies import capacity_policies
from dashboard.services.policies.policy_forms import CapacityPolicyEdit, ExclusionsEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import teams_and_labels
from dashboard.store.inboxes.teams_and_labels import LabelRow, labels
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow
from dashboard.store.policies import capacity_policies as capacity_store
from dashboard.store.policies.capacity_policies import CapacityRow
from dashboard.store.postgres import locks
from dashboard.store.postgres.bulk import json_row

__all__ = ["LabelRow", "change", "create", "remove", "show_all"]

LABEL = Resource(subject="label", shelf=labels, unique="title")


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[LabelRow]:
    """Return the labels."""
    return labels.page(work.session, account_id, page)


def create(
    work: UnitOfWork, account_id: int, new: NewLabel, *, actor_id: int | None, now: datetime
) -> LabelRow | Invalid:
    """Suggest a label from now on."""
    row = audited_crud.add(work, account_id, LABEL, json_row(new), cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return row


def change(
    work: UnitOfWork,
    account_id: int,
    label_id: int,
    edit: NewLabel,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> LabelRow | Invalid | Conflict | None:
    """Rename a label, also in conversations and in exclusion rules.

    The rename makes no conversation assignable, so no run is started.
    """
    cause = ActorContext(actor_id=actor_id, now=now)
    before = labels.lock(work.session, account_id, label_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, {"title": edit.title}, before)
    if isinstance(values, Stale):
        return values
    is_renamed = values["title"] != before.title
    if is_renamed and (refusal := helpdesk_refusals.of_label(work, account_id, before.title)):
        return refusal
    changed = audited_crud.change(work, account_id, LABEL, before, values=values, cause=cause)
    if isinstance(changed, Invalid):
        return changed
    if changed.differs_in("title"):
        _update_policies(work, account_id, changed, cause)
    work.notes.changed(account_id)
    return changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    label_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> LabelRow | Stale | None:
    """Delete a suggested label."""
    before = labels.lock(work.session, account_id, label_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    audited_crud.remove(work, account_id, LABEL, before, cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return before


def _update_policies(work: UnitOfWork, account_id: int, changed: Changed[LabelRow], cause: ActorContext) -> None:
    """Rename the label in exclusion rules, then in conversations, under the locks of the inboxes with these rules.

    A batch reads rules before conversations; without the locks it could assign excluded conversations in between.
    """
    before, after = changed.before.title, changed.after.title
    policies = capacity_store.excluding(work.session, account_id, before)
    touched = [*policies, *capacity_store.excluding(work.session, account_id, after)]
    limits = capacity_store.limits_of(work.session, account_id, [policy.id for policy in touched])
    locks.share_inboxes(work.session, {limit.inbox_id for several in limits.values() for limit in several})
    for policy in policies:
        if held := capacity_store.shelf.lock(work.session, account_id, policy.id):
            edit = CapacityPolicyEdit(exclusion_rules=_renamed(held, before, after))
            capacity_policies.write(work, account_id, held, capacity_policies.columns(edit), cause=cause)
    followed = teams_and_labels.relabel(work.session, account_id, before, after)
    change_records.record_relabelling(work, account_id, followed, cause)
    told = (Event.CONVERSATION_UPDATED,)
    ledger.write_events(
        work.session,
        [
            EventRow(account_id=account_id, events=told, conversation_id=one.conversation_id, at=cause.now)
            for one in followed
        ],
    )


def _renamed(policy: CapacityRow, before: str, after: str) -> ExclusionsEdit:
    titles = (after if title == before else title for title in policy.excluded_labels)
    return ExclusionsEdit(
        excluded_labels=tuple(dict.fromkeys(titles)), exclude_older_than_hours=policy.exclude_older_than_hours
    )
