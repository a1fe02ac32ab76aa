"""Counters that never go down, whoever counts, folds and reads at the same time."""

from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from dashboard.config import Settings
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import WAIT_BUCKETS, Counted, CounterKind
from dashboard.store.models import MetricCounter
from dashboard.store.models.counters import Measure
from dashboard.store.postgres import database
from tests.desks import NOON, Acme

ASSIGNED = CounterKind(measure=Measure.ASSIGNMENTS, word="realtime", bucket=5.0)
STOPPED = CounterKind(measure=Measure.RUNS, word="stop", reason="nobody_online", bucket=1.0)


def test_folding_changes_no_count_and_leaves_a_row_of_each_kind(committed):
    for _ in range(3):
        metric_counters.add(committed, [Counted(kind=ASSIGNED, count=2, seconds=7.5), Counted(kind=STOPPED, count=1)])
    before = metric_counters.read(committed)

    metric_counters.compact(committed)

    assert metric_counters.read(committed) == before
    assert [(one.kind, one.count, one.seconds) for one in before] == [(ASSIGNED, 6, 22.5), (STOPPED, 3, 0.0)]
    assert committed.scalar(select(func.count()).select_from(MetricCounter)) == 2


def test_what_is_rolled_back_is_not_counted(committed):
    metric_counters.add(committed, [Counted(kind=ASSIGNED, count=1)])
    committed.rollback()

    assert metric_counters.read(committed) == []


def test_seconds_fall_into_the_least_bucket_that_holds_them():
    assert [metric_counters.bucket_of(s, WAIT_BUCKETS) for s in (0, 1, 1.01, 86_400, 1e9)] == [
        1,
        1,
        5,
        86_400,
        float("inf"),
    ]


def test_what_a_run_gives_is_counted_in_the_same_buckets(acme: Acme):
    """Seen to fail with a wait as long as its bound counted in the next bucket."""
    waits = (0.0, 1.0, 1.01, 5.0, 86_400.0, 86_401.0)
    acme.policy()
    acme.online("Ana")
    for seconds in waits:
        acme.waiting(1, created_at=NOON - timedelta(seconds=seconds))

    acme.run()

    found = [one for one in metric_counters.read(acme.work.session) if one.kind.measure is Measure.ASSIGNMENTS]
    assert Counter({one.kind.bucket: one.count for one in found}) == Counter(
        metric_counters.bucket_of(seconds, WAIT_BUCKETS) for seconds in waits
    )
    assert sum(one.seconds for one in found) == pytest.approx(sum(waits))


def test_counts_are_exact_and_never_go_down_while_three_count_and_two_fold(settings: Settings, committed):
    """Seen to fail with a fold that reads the rows in one statement and removes them in the next."""
    engine = database.connect(settings.database_url, pool_size=6)
    barrier, seen = Barrier(6), []

    def often(act):
        with database.Session(engine) as session:
            barrier.wait()
            for _ in range(60):
                act(session)
                session.commit()

    def count(session):
        metric_counters.add(session, [Counted(kind=ASSIGNED, count=1, seconds=1.0)])

    def read(session):
        seen.append(sum(one.count for one in metric_counters.read(session)))

    threads = [
        Thread(target=often, args=[act])
        for act in (count, count, count, metric_counters.compact, metric_counters.compact, read)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    [counted] = metric_counters.read(committed)
    assert (counted.count, counted.seconds) == (180, 180.0)
    assert seen == sorted(seen)
