"""Undo of a change of a policy, its limits or inboxes, of hours, a label's name, or a merge, without later changes."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Any

from marshmallow import ValidationError

from dashboard.services.contacts import contacts
from dashboard.services.contacts.contact_forms import Merge
from dashboard.services.conversations import labels
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes import inboxes as inbox_changes
from dashboard.services.inboxes.inbox_forms import InboxForm, LabelForm
from dashboard.services.policies import assignment_policies, capacity_limits, capacity_policies
from dashboard.services.policies.capacity_limits import LimitKey
from dashboard.services.policies.policy_fields import EDITED
from dashboard.services.policies.policy_forms import (
    AssignmentPolicyForm,
    CapacityPolicyForm,
    InboxLimitEdit,
    PolicyChoiceForm,
)
from dashboard.store.accounts import audit_page as store
from dashboard.store.accounts.audit_log import AuditView
from dashboard.store.conversations import contacts as contacts_store
from dashboard.store.inboxes import inboxes, teams_and_labels
from dashboard.store.policies import assignment_policies as policies_store
from dashboard.store.policies import capacity_policies as capacity_store
from dashboard.store.postgres.bulk import json_row

LINK = "inbox_assignment_policy"
NO_LINK: Mapping[str, Any] = {"assignment_policy_id": None, "overrides": None}
NO_LONGER = "The former value is no longer allowed."
# What of each kind somebody decides; the rest follows.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "assignment_policy": EDITED,
    "agent_capacity_policy": (
        "name",
        "description",
        "conversation_limit",
        "count_only_unanswered",
        "excluded_labels",
        "exclude_older_than_hours",
    ),
    "inbox_capacity_limit": ("conversation_limit",),
    LINK: ("assignment_policy_id", "overrides"),
    "inbox": ("business_hours",),
    "label": ("title",),
    "contact": ("merged_into_id",),
}
Facts = Mapping[str, Any]


class UndoState(Enum):
    """The state of a change: whether undo is possible now."""

    POSSIBLE = auto()
    UNDONE = auto()
    CHANGED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The values that an undo restores, whether it is possible, and the fields with later changes."""

    entry: AuditView
    state: UndoState
    back: Facts
    changed: tuple[str, ...] = ()


def reversals(work: UnitOfWork, account_id: int, entries: Sequence[AuditView]) -> Mapping[int, Reversal]:
    """Return the reversals by entry id, without entries of kinds that have no undo."""
    ours = [entry for entry in entries if _fields(entry)]
    now = {subject: _read(work, account_id, subject, ours) for subject in FIELDS}
    return {entry.id: _judged(entry, now[entry.subject].get(entry.subject_id or 0)) for entry in ours}


def undo(
    work: UnitOfWork, account_id: int, entry_id: int, *, actor_id: int, now: datetime
) -> Reversal | Invalid | None:
    """Restore the values before a change; if there are later changes, change nothing and return their fields.

    None without such a change. An undo is a change like any other: it is audited and starts runs (E30).
    """
    entry = store.entry(work.session, account_id, entry_id)
    if entry is None or not _fields(entry):
        return None
    _hold(work, account_id, entry)
    found = reversals(work, account_id, [entry])[entry.id]
    if found.state is not UndoState.POSSIBLE:
        return found
    try:
        done = UNDOES[entry.subject](work, account_id, found, ActorContext(actor_id=actor_id, now=now))
    except ValidationError as refused:
        return Invalid(errors=dict.fromkeys(refused.messages_dict, (NO_LONGER,)))
    if isinstance(done, Conflict):
        return invalid("helpdesk", done.sentence)
    return done if isinstance(done, Invalid) else found


def _fields(entry: AuditView) -> tuple[str, ...]:
    """Return the changed fields that an undo can restore."""
    if entry.subject not in FIELDS or (entry.subject != LINK and entry.action != "updated"):
        return ()
    before, after = entry.before or {}, entry.after or {}
    return tuple(name for name in FIELDS[entry.subject] if before.get(name) != after.get(name))


def _judged(entry: AuditView, now: Facts | None) -> Reversal:
    fields, before, after = _fields(entry), entry.before or {}, entry.after or {}
    back = {name: before.get(name) for name in fields}
    if now is None:
        return Reversal(entry=entry, state=UndoState.GONE, back=back)
    if all(_same(now.get(name), before.get(name)) for name in fields):
        return Reversal(entry=entry, state=UndoState.UNDONE, back=back)
    changed = tuple(name for name in fields if not _same(now.get(name), after.get(name)))
    return Reversal(entry=entry, state=UndoState.CHANGED if changed else UndoState.POSSIBLE, back=back, changed=changed)


def _same(stands: Any, said: Any) -> bool:
    return bool((list(stands) if isinstance(stands, tuple) else stands) == said)


def _read(work: UnitOfWork, account_id: int, subject: str, entries: Iterable[AuditView]) -> Mapping[int, Facts]:
    """Return the current values of the rows that entries of this kind changed, by row id."""
    ids = [entry.subject_id for entry in entries if entry.subject == subject and entry.subject_id is not None]
    return READS[subject](work, account_id, ids)


def _links(work: UnitOfWork, account_id: int, ids: Collection[int]) -> Mapping[int, Facts]:
    links = policies_store.links(work.session, account_id, ids)
    return {inbox_id: json_row(link) if link else NO_LINK for inbox_id, link in links.items()}


def _shelved(shelf: Any) -> Callable[[UnitOfWork, int, Collection[int]], Mapping[int, Facts]]:
    return lambda work, account_id, ids: {row.id: json_row(row) for row in shelf.some(work.session, account_id, ids)}


READS: Mapping[str, Callable[[UnitOfWork, int, Collection[int]], Mapping[int, Facts]]] = {
    "assignment_policy": _shelved(policies_store.shelf),
    "agent_capacity_policy": _shelved(capacity_store.shelf),
    "inbox_capacity_limit": _shelved(capacity_store.limits),
    LINK: _links,
    "inbox": _shelved(inboxes.shelf),
    "label": _shelved(teams_and_labels.labels),
    "contact": lambda work, account_id, ids: {
        one.id: json_row(one) for one in contacts_store.some(work.session, account_id, ids)
    },
}


def _hold(work: UnitOfWork, account_id: int, entry: AuditView) -> None:
    """Lock the entry's rows until the undo is written, in the order of the change itself."""
    session, subject_id = work.session, entry.subject_id or 0
    match entry.subject:
        case "assignment_policy":
            policies_store.shelf.lock(session, account_id, subject_id)
        case "agent_capacity_policy":
            capacity_store.shelf.lock(session, account_id, subject_id)
        case "inbox_capacity_limit":
            capacity_store.shelf.lock(session, account_id, (entry.after or {})["agent_capacity_policy_id"])
            capacity_store.limits.lock(session, account_id, subject_id)
        case "label":
            teams_and_labels.labels.lock(session, account_id, subject_id)
        case "contact":
            contacts_store.lock(session, account_id, [subject_id])
        case _:
            inboxes.shelf.lock(session, account_id, subject_id)


def _undo_policy(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    edit = AssignmentPolicyForm(partial=True).load(found.back)
    policy_id = found.entry.subject_id or 0
    return assignment_policies.change(work, account_id, policy_id, edit, actor_id=cause.actor_id, now=cause.now)


def _undo_capacity(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    """Restore a capacity policy; exclusion rules are written as a whole, with current values for unchanged ones."""
    policy_id = found.entry.subject_id or 0
    rules = ("excluded_labels", "exclude_older_than_hours")
    said = {name: value for name, value in found.back.items() if name not in rules}
    if set(rules) & found.back.keys():
        stands = _read(work, account_id, found.entry.subject, [found.entry])[policy_id]
        said["exclusion_rules"] = {name: found.back.get(name, stands[name]) for name in rules}
        said["exclusion_rules"]["excluded_labels"] = list(said["exclusion_rules"]["excluded_labels"])
    edit = CapacityPolicyForm(partial=True).load(said)
    return capacity_policies.change(work, account_id, policy_id, edit, actor_id=cause.actor_id, now=cause.now)


def _undo_limit(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    policy_id = (found.entry.after or {})["agent_capacity_policy_id"]
    key = LimitKey(policy_id=policy_id, limit_id=found.entry.subject_id or 0)
    edit = InboxLimitEdit(conversation_limit=found.back["conversation_limit"])
    return capacity_limits.change(work, account_id, key, edit, actor_id=cause.actor_id, now=cause.now)


def _undo_link(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    inbox_id, said = found.entry.subject_id or 0, {**(found.entry.before or {}), **found.back}
    if said.get("assignment_policy_id") is None:
        return assignment_policies.unlink(work, account_id, inbox_id, actor_id=cause.actor_id, now=cause.now)
    choice = PolicyChoiceForm().load({**said, "overrides": said.get("overrides") or {}})
    return assignment_policies.link(work, account_id, inbox_id, choice, actor_id=cause.actor_id, now=cause.now)


def _undo_hours(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    edit, inbox_id = InboxForm(partial=True).load(found.back), found.entry.subject_id or 0
    return inbox_changes.change(work, account_id, inbox_id, edit, actor_id=cause.actor_id, now=cause.now)


def _undo_label(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    label_id, edit = found.entry.subject_id or 0, LabelForm().load({"title": found.back["title"]})
    return labels.change(work, account_id, label_id, edit, actor_id=cause.actor_id, now=cause.now)


def _undo_merge(work: UnitOfWork, account_id: int, found: Reversal, cause: ActorContext) -> object:
    """Separate a merged contact, or merge it again."""
    said, contact_id = found.entry.after or {}, found.entry.subject_id or 0
    if found.back["merged_into_id"] is None:
        contacts.take_apart(work, account_id, contact_id, said["conversation_ids"], cause=cause)
        return None
    again = Merge(source=said["identifier"], into=(found.entry.before or {})["merged_into"])
    return contacts.merge(work, account_id, again, actor_id=cause.actor_id, now=cause.now)


UNDOES: Mapping[str, Callable[[UnitOfWork, int, Reversal, ActorContext], object]] = {
    "assignment_policy": _undo_policy,
    "agent_capacity_policy": _undo_capacity,
    "inbox_capacity_limit": _undo_limit,
    LINK: _undo_link,
    "inbox": _undo_hours,
    "label": _undo_label,
    "contact": _undo_merge,
}
