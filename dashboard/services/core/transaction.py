"""Several services in one transaction, which commits all their writes or none."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dashboard.engine.decisions import Source
from dashboard.services.core.unit_of_work import AfterCommit, UnitOfWork
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.postgres import database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsaid(AfterCommit):
    """Signals before the commit: they only record the accounts and inboxes to wake."""

    woken: dict[int, set[int]] = field(default_factory=dict)

    def wake(self, account_id: int, inbox_ids: Iterable[int], source: Source = Source.REALTIME) -> None:
        self.woken.setdefault(account_id, set()).update(inbox_ids)

    def changed(self, account_id: int) -> None:
        self.wake(account_id, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedUnitOfWork:
    """The outer unit of work, and `work`, the unit of work for the services inside it."""

    work: UnitOfWork
    outer: UnitOfWork
    unsaid: _Unsaid

    def commit(self, account_id: int, *, reach: Collection[int] | None = None) -> None:
        """Commit all writes, and start runs in inboxes with waiting conversations, in `reach` or the whole account.

        The query follows this commit, because a run that began earlier has not read these writes.
        """
        session = self.outer.session
        session.commit()
        if account_id in self.unsaid.woken:
            waits_in = affected_inboxes.of_account(session, account_id)
            self.outer.signals.wake(account_id, waits_in if reach is None else set(waits_in) & set(reach))

    def commit_as_said(self) -> None:
        """Make all of it true, and start the runs that the services asked for."""
        self.outer.session.commit()
        for account_id, inbox_ids in self.unsaid.woken.items():
            self.outer.signals.wake(account_id, inbox_ids)


@contextmanager
def all_or_nothing(work: UnitOfWork) -> Iterator[NestedUnitOfWork]:
    """Yield a nested unit of work; without its commit, the writes of all its services are rolled back."""
    said = work.signals
    unsaid = _Unsaid(queue=said.queue, wakeups=said.wakeups, live=said.live, listeners=said.listeners)
    try:
        with database.savepoint(work.session) as inner:
            yield NestedUnitOfWork(work=replace(work, session=inner, signals=unsaid), outer=work, unsaid=unsaid)
    finally:
        work.session.rollback()
