"""The history of runs, newest first, by keyset: every page costs the same, with any filter."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.store.assignment.run_history import run_pages
from dashboard.store.assignment.run_history.run_pages import RunPageRow
from dashboard.store.models import Run
from dashboard.store.postgres.database import Session

PER_PAGE = 50
# A page searches at most this many runs and returns the position where it stopped; no index covers rare filters.
LOOKED_THROUGH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """A filter for runs; None means all. `before` is the id at which a page begins."""

    inbox_id: int | None = None
    source: Source | None = None
    outcome: Outcome | None = None
    reason: Reason | None = None
    since: datetime | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A page of runs. `goes_on_before` is the next page's start; `looked_until` is the end of an incomplete search."""

    runs: tuple[RunPageRow, ...]
    goes_on_before: int | None = None
    looked_until: datetime | None = None


def page_of(session: Session, account_id: int, asked: RunFilter) -> History:
    """Return one page of the account's runs."""
    ids = _ids(session, account_id, asked)
    found = run_pages.of_ids(session, account_id, ids[:PER_PAGE])
    if len(ids) > PER_PAGE:
        return History(runs=found, goes_on_before=found[-1].id)
    last = session.execute(_looked(account_id, asked).offset(LOOKED_THROUGH - 1).limit(1)).one_or_none()
    if last is None or (asked.since and last.started_at < asked.since):
        return History(runs=found)
    return History(runs=found, goes_on_before=last.id, looked_until=last.started_at)


def _ids(session: Session, account_id: int, asked: RunFilter) -> list[int]:
    looked = _looked(account_id, asked).limit(LOOKED_THROUGH).subquery()
    wanted = select(looked.c.id).where(*_filters(looked.c, asked))
    return list(session.scalars(wanted.order_by(looked.c.id.desc()).limit(PER_PAGE + 1)))


def _looked(account_id: int, asked: RunFilter) -> Any:
    """Return the statement for the searched runs, newest first, in the order of an index."""
    columns = (Run.id, Run.source, Run.outcome, Run.reason, Run.left_waiting, Run.started_at)
    looked = select(*columns).where(Run.account_id == account_id).order_by(Run.id.desc())
    looked = looked.where(Run.inbox_id == asked.inbox_id) if asked.inbox_id is not None else looked
    return looked.where(Run.id < asked.before) if asked.before is not None else looked


def _filters(run: Any, asked: RunFilter) -> list[ColumnElement[bool]]:
    """Return the filter's conditions; a reason also matches runs that left conversations waiting for it."""
    found: list[tuple[object, Callable[[], ColumnElement[bool]]]] = [
        (asked.source, lambda: run.source == asked.source),
        (asked.outcome, lambda: run.outcome == asked.outcome),
        (asked.reason, lambda: or_(run.reason == asked.reason, run.left_waiting.has_key(str(asked.reason)))),
        (asked.since, lambda: run.started_at >= asked.since),
    ]
    return [condition() for said, condition in found if said is not None]
