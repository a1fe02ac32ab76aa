"""Adding, changing and removing rows with their audit entries, inside the caller's transaction."""

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
    """What is kept, under which name it is audited, and which of its fields no two may share."""

    subject: str
    shelf: AccountTable[R]
    unique: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed(Generic[R]):
    """A row as it was and as it is."""

    before: R
    after: R

    def differs_in(self, *names: str) -> bool:
        """Say whether one of these fields has changed."""
        return any(getattr(self.before, name) != getattr(self.after, name) for name in names)


def add(
    work: UnitOfWork, account_id: int, noun: Resource[R], values: Mapping[str, Any], *, cause: ActorContext
) -> R | Invalid:
    """Write a new row."""
    row_id = noun.shelf.add(work.session, account_id, values)
    if row_id is None:
        return invalid(noun.unique, "This is taken.")
    row = _found(work, account_id, noun, row_id)
    _audit(work, account_id, noun, cause=cause, after=row)
    return row


def judged(seen: Baseline, values: Mapping[str, Any], before: Any) -> dict[str, Any] | Stale:
    """Return what is to be written of a row that this transaction has locked, as `Seen` says."""
    return seen.judged(values, json_row(before))


def change(
    work: UnitOfWork, account_id: int, noun: Resource[R], before: R, *, values: Mapping[str, Any], cause: ActorContext
) -> Changed[R] | Invalid:
    """Write what changes of a row that this transaction has locked; nothing at all when nothing does."""
    if all(getattr(before, name) == value for name, value in values.items()):
        return Changed(before=before, after=before)
    if not noun.shelf.change(work.session, _id(before), values):
        return invalid(noun.unique, "This is taken.")
    after = _found(work, account_id, noun, _id(before))
    _audit(work, account_id, noun, cause=cause, before=before, after=after)
    return Changed(before=before, after=after)


def remove(work: UnitOfWork, account_id: int, noun: Resource[R], before: R, *, cause: ActorContext) -> None:
    """Remove a row that this transaction has locked."""
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
    """Write what somebody decided of the row; what is computed beside it is no decision."""
    facts = [row and noun.shelf.facts(row) for row in (before, after)]
    change = AuditedChange(subject=noun.subject, subject_id=_id(after or before), before=facts[0], after=facts[1])
    audit_log.write(work, account_id, change, cause)
