"""Several services in one transaction: what they write is committed at once, or none of it is."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from dashboard.engine.decisions import Source
from dashboard.services.core.unit_of_work import AfterCommit, UnitOfWork
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.postgres import database


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unsaid(AfterCommit):
    """Signals that only note for which accounts and inboxes something would be said: nothing is committed yet."""

    woken: dict[int, set[int]] = field(default_factory=dict)

    def wake(self, account_id: int, inbox_ids: Iterable[int], source: Source = Source.REALTIME) -> None:
        self.woken.setdefault(account_id, set()).update(inbox_ids)

    def changed(self, account_id: int) -> None:
        self.wake(account_id, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedUnitOfWork:
    """What is being done together; `desk` is what each of the services is given."""

    work: UnitOfWork
    outer: UnitOfWork
    unsaid: _Unsaid

    def commit(self, account_id: int, *, reach: Collection[int] | None = None) -> None:
        """Make all of it true, and start runs where something waits, in these inboxes or else in the whole account.

        That is asked after this commit: a run that began before it has not seen what was written.
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
    """Yield a desk whose services' commits count only once the whole is committed; left without that, nothing is."""
    said = work.signals
    unsaid = _Unsaid(queue=said.queue, wakeups=said.wakeups, live=said.live, listeners=said.listeners)
    try:
        with database.savepoint(work.session) as inner:
            yield NestedUnitOfWork(work=replace(work, session=inner, signals=unsaid), outer=work, unsaid=unsaid)
    finally:
        work.session.rollback()
