"""Creation, change and removal of rows with audit entries, inside the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.baselines import Baseline
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.bulk import json_row

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource(Generic[R]):
    """A kind of row: its table, its name in the audit log, and its unique field."""

    subject: str
    shelf: AccountTable[R]
    unique: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Generic[R]):
    """A row before and after a change."""

    before: R
    after: R

    def differs_in(self, *names: str) -> bool:
        """Return whether one of these fields has changed."""
        return any(getattr(self.before, name) != getattr(self.after, name) for name in names)


def add(
    work: UnitOfWork, account_id: int, noun: Resource[R], values: Mapping[str, Any], *, cause: ActorContext
) -> R | Invalid:
    """Write a new row and its audit entry; Invalid if its unique value is taken."""
    row_id = noun.shelf.add(work.session, account_id, values)
    if row_id is None:
        return invalid(noun.unique, "This is taken.")
    row = _found(work, account_id, noun, row_id)
    _audit(work, account_id, noun, cause=cause, after=row)
    return row


def judged(seen: Baseline, values: Mapping[str, Any], before: Any) -> dict[str, Any] | Stale:
    """Return the values to write into a locked row, or a `Stale`, by the judgement of the baseline."""
    return seen.judged(values, json_row(before))


def change(
    work: UnitOfWork, account_id: int, noun: Resource[R], before: R, *, values: Mapping[str, Any], cause: ActorContext
) -> Changed[R] | Invalid:
    """Write the changed values of a locked row and an audit entry; write nothing without a change."""
    if all(getattr(before, name) == value for name, value in values.items()):
        return Changed(before=before, after=before)
    if not noun.shelf.change(work.session, _id(before), values):
        return invalid(noun.unique, "This is taken.")
    after = _found(work, account_id, noun, _id(before))
    _audit(work, account_id, noun, cause=cause, before=before, after=after)
    return Changed(before=before, after=after)


def remove(work: UnitOfWork, account_id: int, noun: Resource[R], before: R, *, cause: ActorContext) -> None:
    """Delete a locked row, with an audit entry."""
    noun.shelf.remove(work.session, _id(before))
    _audit(work, account_id, noun, cause=cause, before=before)


def _found(work: UnitOfWork, account_id: int, noun: Resource[R], row_id: int) -> R:
    row = noun.shelf.find(work.session, account_id, row_id)
    assert row is not None
    return row


def _id(row: Any) -> int:
    return int(row.id)


def _audit(
    work: UnitOfWork,
    account_id: int,
    noun: Resource[R],
    *,
    cause: ActorContext,
    before: R | None = None,
    after: R | None = None,
) -> None:
    """Write the audit entry with the fields that people set, without computed ones."""
    facts = [row and noun.shelf.facts(row) for row in (before, after)]
    change = AuditedChange(subject=noun.subject, subject_id=_id(after or before), before=facts[0], after=facts[1])
    audit_log.write(work, account_id, change, cause)
