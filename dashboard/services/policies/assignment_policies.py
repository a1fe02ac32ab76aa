"""Assignment policies: made, changed, removed, and linked to inboxes (E3)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import overflow
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit, PolicyChoice
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import inboxes
from dashboard.store.inboxes.inboxes import InboxRow
from dashboard.store.policies import assignment_policies as store
from dashboard.store.policies.assignment_policies import InboxPolicyRow, LinkedPolicy, PolicyRow
from dashboard.store.postgres.bulk import json_row

__all__ = [
    "InboxPolicyRow",
    "PolicyRow",
    "change",
    "create",
    "inboxes_of",
    "link",
    "of_inbox",
    "remove",
    "show",
    "show_all",
    "unlink",
]

POLICY = Resource(subject="assignment_policy", shelf=store.shelf, unique="name")
NO_SUCH_POLICY = "There is no such assignment policy in this account."


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[PolicyRow]:
    """Return the policies."""
    return store.shelf.page(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, policy_id: int) -> PolicyRow | None:
    """Return the policy."""
    return store.shelf.find(work.session, account_id, policy_id)


def inboxes_of(work: UnitOfWork, account_id: int, policy_id: int) -> Sequence[InboxRow] | None:
    """Return the inboxes that the policy serves."""
    if show(work, account_id, policy_id) is None:
        return None
    return inboxes.of_policy(work.session, account_id, policy_id)


def create(
    work: UnitOfWork, account_id: int, edit: AssignmentPolicyEdit, *, actor_id: int | None, now: datetime
) -> PolicyRow | Invalid:
    """Make a policy; it decides nothing until it is linked."""
    said = sent_fields(edit)
    team_id, after = said.get("overflow_team_id"), said.get("overflow_after")
    if refusal := overflow.refusal(work, account_id, team_id=team_id, after=after):
        return refusal
    row = audited_crud.add(work, account_id, POLICY, _columns(edit), cause=ActorContext(actor_id=actor_id, now=now))
    if isinstance(row, Invalid):
        return row
    store.keep_version(work.session, account_id, row, actor_id=actor_id, now=now)
    work.notes.changed(account_id)
    return row


def change(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    edit: AssignmentPolicyEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> PolicyRow | Invalid | None:
    """Change a policy; its version goes up when it decides differently."""
    before = store.shelf.lock(work.session, account_id, policy_id)
    if before is None:
        return None
    wanted = audited_crud.judged(seen, _columns(edit), before)
    if isinstance(wanted, Stale):
        return wanted
    edited = replace(before, **wanted)
    if edited == before:
        return before
    team_id, after = edited.overflow_team_id, edited.overflow_after
    if refusal := overflow.refusal(work, account_id, team_id=team_id, after=after):
        return refusal
    decides = edited.rules != before.rules
    values = {**wanted, **store.touched(before, now, decides=decides)}
    changed = audited_crud.change(
        work, account_id, POLICY, before, values=values, cause=ActorContext(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    if decides:
        store.keep_version(work.session, account_id, changed.after, actor_id=actor_id, now=now)
    work.notes.touched(account_id, policy_ids=[policy_id] if decides else ())
    return changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> PolicyRow | Stale | None:
    """Remove a policy; its inboxes are left without one."""
    before = store.shelf.lock(work.session, account_id, policy_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    cause, served = ActorContext(actor_id=actor_id, now=now), store.inbox_ids(work.session, policy_id)
    stood = store.links(work.session, account_id, served)
    audited_crud.remove(work, account_id, POLICY, before, cause=cause)
    audit_log.write(work, account_id, [_linked(inbox_id, stood[inbox_id], None) for inbox_id in served], cause)
    work.notes.touched(account_id, inbox_ids=served)
    return before


def of_inbox(work: UnitOfWork, account_id: int, inbox_id: int) -> InboxPolicyRow | None:
    """Return the policy that the inbox has."""
    return store.of_inbox(work.session, account_id, inbox_id)


def link(
    work: UnitOfWork,
    account_id: int,
    inbox_id: int,
    choice: PolicyChoice,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> InboxPolicyRow | Invalid | None:
    """Give the inbox this policy in place of the one that it has, with the inbox's own values (E69)."""
    if inboxes.shelf.lock(work.session, account_id, inbox_id) is None:
        return None
    before = store.of_inbox(work.session, account_id, inbox_id)
    wanted = _judged(seen, sent_fields(choice), before)
    if isinstance(wanted, Stale):
        return wanted
    if wanted is None or store.shelf.find(work.session, account_id, wanted.assignment_policy_id) is None:
        return invalid("assignment_policy_id", NO_SUCH_POLICY)
    if wanted != (stood := _link_of(before)):
        store.link(work.session, account_id, inbox_id, wanted)
        cause = ActorContext(actor_id=actor_id, now=now)
        audit_log.write(work, account_id, _linked(inbox_id, stood, wanted), cause)
        work.notes.touched(account_id, inbox_ids=[inbox_id])
    return of_inbox(work, account_id, inbox_id)


def unlink(
    work: UnitOfWork,
    account_id: int,
    inbox_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> PolicyRow | Stale | None:
    """Leave the inbox without a policy: nothing of it is given out any more."""
    if inboxes.shelf.lock(work.session, account_id, inbox_id) is None:
        return None
    before = store.of_inbox(work.session, account_id, inbox_id)
    if before is None:
        return None
    if isinstance(wanted := _judged(seen, {"assignment_policy_id": None}, before), Stale):
        return wanted
    store.unlink(work.session, inbox_id)
    cause = ActorContext(actor_id=actor_id, now=now)
    audit_log.write(work, account_id, _linked(inbox_id, _link_of(before), None), cause)
    work.notes.touched(account_id, inbox_ids=[inbox_id])
    return before


def _columns(edit: AssignmentPolicyEdit) -> dict[str, Any]:
    """Return what is written: Postgres wants words, not their enumeration, in an array."""
    return {
        name: tuple(word.value for word in value) if isinstance(value, tuple) else value
        for name, value in sent_fields(edit).items()
    }


def _judged(seen: Baseline, sent: Mapping[str, Any], before: InboxPolicyRow | None) -> LinkedPolicy | Stale | None:
    """Return the link that the inbox shall have, or the refusal if somebody has changed it meanwhile.

    The inbox's own values stay while its policy does, unless others are sent.
    """
    stood = _link_of(before)
    now = {**(json_row(before) if before else {"overrides": {}}), "assignment_policy_id": before.id if before else None}
    found = seen.judged(sent, now)
    if isinstance(found, Stale):
        return found
    policy_id = found["assignment_policy_id"]
    if policy_id is None:
        return None
    kept = stood.overrides if stood and stood.assignment_policy_id == policy_id else {}
    return LinkedPolicy(assignment_policy_id=policy_id, overrides=found.get("overrides", kept))


def _link_of(row: InboxPolicyRow | None) -> LinkedPolicy | None:
    return LinkedPolicy(assignment_policy_id=row.id, overrides=row.overrides) if row else None


def _linked(inbox_id: int, before: LinkedPolicy | None, after: LinkedPolicy | None) -> AuditedChange:
    return AuditedChange(subject="inbox_assignment_policy", subject_id=inbox_id, before=before, after=after)
