"""Counters that never go down: small rows written with what they count, and folded together from time to time.

Nobody waits for anybody: a transaction adds rows of its own. Reading costs as much as was added since the last fold,
however much there is to count, and what retention removes stays counted.
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
WAIT_BUCKETS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0, 14_400.0, 86_400.0, inf)
KIND = (MetricCounter.measure, MetricCounter.word, MetricCounter.reason, MetricCounter.bucket)
# What a transaction under way has added, or another fold has taken, is left for the next one.
FOLD = text("""
WITH taken AS (DELETE FROM tallies WHERE id IN (SELECT id FROM tallies FOR UPDATE SKIP LOCKED) RETURNING *)
INSERT INTO tallies (measure, word, reason, bucket, count, seconds)
SELECT measure, word, reason, bucket, sum(count), sum(seconds) FROM taken GROUP BY measure, word, reason, bucket
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterKind:
    """What is counted together."""

    measure: Measure
    word: str
    reason: str | None = None
    bucket: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many of a kind there were, and how long they took in all."""

    kind: CounterKind
    count: int
    seconds: float = 0.0


def bucket_of(seconds: float, bounds: tuple[float, ...]) -> float:
    """Return the least bound that these seconds are not over."""
    return next(bound for bound in bounds if seconds <= bound)


def add(session: Session, counted: Iterable[Counted]) -> None:
    """Count these with the session's transaction."""
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
    """Return every kind's count so far."""
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
    """Make one row of each kind's rows; who reads meanwhile sees either."""
    session.execute(FOLD)
