"""Counters that never decrease: small rows, written with each change and compacted from time to time.

No transaction waits for another: each inserts its own rows. Reading costs time in proportion to the rows since the
last compaction. Retention does not change the counters.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from sqlalchemy import func, insert, select, text

from dashboard.store.models import MetricCounter
from dashboard.store.models.counters import Measure
from dashboard.store.postgres.bulk import table_of
from dashboard.store.postgres.database import Session

# The upper bounds of the histograms' buckets, in seconds.
RUN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, inf)
WRITE_BUCKETS = (0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, inf)
WAIT_BUCKETS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, inf)
KIND = (MetricCounter.measure, MetricCounter.word, MetricCounter.reason, MetricCounter.bucket)
# Rows of unfinished transactions, and rows locked by another compaction, are left for the next one.
FOLD = text("""
WITH taken AS (DELETE FROM tallies WHERE id IN (SELECT id FROM tallies FOR UPDATE SKIP LOCKED) RETURNING *)
INSERT INTO tallies (measure, word, reason, bucket, count, seconds)
SELECT measure, word, reason, bucket, sum(count), sum(seconds) FROM taken GROUP BY measure, word, reason, bucket
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterKind:
    """The labels of one counter."""

    measure: Measure
    word: str
    reason: str | None = None
    bucket: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The number of events of a kind, and their total duration."""

    kind: CounterKind
    count: int
    seconds: float = 0.0


def bucket_of(seconds: float, bounds: tuple[float, ...]) -> float:
    """Return the smallest bound that is at least this many seconds."""
    return next(bound for bound in bounds if seconds <= bound)


def add(session: Session, counted: Iterable[Counted]) -> None:
    """Add these counts in the session's transaction."""
    sums: dict[CounterKind, tuple[int, float]] = defaultdict(lambda: (0, 0.0))
    for one in counted:
        count, seconds = sums[one.kind]
        sums[one.kind] = (count + one.count, seconds + one.seconds)
    rows = [
        {name: getattr(kind, name) for name in CounterKind.__slots__} | {"count": count, "seconds": seconds}
        for kind, (count, seconds) in sums.items()
        if count
    ]
    if rows:
        session.execute(insert(table_of(MetricCounter)).inline(), rows)


def read(session: Session) -> list[Counted]:
    """Return every counter's total."""
    sums = (func.sum(MetricCounter.count).label("number"), func.sum(MetricCounter.seconds).label("seconds"))
    rows = session.execute(select(*KIND, *sums).group_by(*KIND).order_by(*KIND))
    return [
        Counted(
            kind=CounterKind(measure=row.measure, word=row.word, reason=row.reason, bucket=row.bucket),
            count=int(row.number),
            seconds=row.seconds,
        )
        for row in rows
    ]


def compact(session: Session) -> None:
    """Merge each counter's rows into one; concurrent readers see the old rows or the merged one."""
    session.execute(FOLD)
