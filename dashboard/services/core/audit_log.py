"""The audit log: the actor of each change, and its values before and after, in the change's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import audit_log as store
from dashboard.store.accounts.audit_log import AuditView, Subject
from dashboard.store.core.paging import Listed, Page
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AuditRow
from dashboard.store.postgres.bulk import json_row

__all__ = ["ActorContext", "AuditView", "AuditedChange", "Subject", "show_all", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorContext:
    """The actor of a change, None for a command, and the instant.

    A `mirrored` change happened in the helpdesk, so that nothing is written there.
    """

    actor_id: int | None
    now: datetime
    mirrored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedChange:
    """A change of one row: its values before and after, each a frozen value or a mapping.

    A creation has no `before`, a deletion no `after`.
    """

    subject: str
    subject_id: int
    before: Any = None
    after: Any = None

    @property
    def action(self) -> str:
        """Return the action: created, updated or deleted."""
        if self.before is None:
            return "created"
        return "deleted" if self.after is None else "updated"


def write(
    work: UnitOfWork, account_id: int, changes: AuditedChange | Sequence[AuditedChange], cause: ActorContext
) -> None:
    """Append one or several changes to the audit log."""
    several = [changes] if isinstance(changes, AuditedChange) else changes
    ledger.write_audit(work.session, [_entry(account_id, change, cause) for change in several])


def show_all(work: UnitOfWork, account_id: int, page: Page, about: Subject) -> Listed[AuditView]:
    """Return a page of the audit log, newest first."""
    return store.page(work.session, account_id, page, about)


def _entry(account_id: int, change: AuditedChange, cause: ActorContext) -> AuditRow:
    return AuditRow(
        account_id=account_id,
        actor_id=cause.actor_id,
        action=change.action,
        subject=change.subject,
        subject_id=change.subject_id,
        before=_facts(change.before),
        after=_facts(change.after),
        at=cause.now,
    )


def _facts(said: Any) -> Mapping[str, Any] | None:
    return said if said is None or isinstance(said, Mapping) else json_row(said)
