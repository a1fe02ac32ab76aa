"""Metrics in Prometheus's format."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from dashboard import clock
from dashboard.services.operations.health import RUN_BUCKETS, WAIT_BUCKETS, Background, Counted, Figures, Measure


def exposition(figures: Figures, background: Background | None) -> bytes:
    """Return the metrics as text; those of Redis are left out while it is down."""
    registry = CollectorRegistry()
    registry.register(_Collector(figures, background))
    return generate_latest(registry)


class _Collector:
    """Counters and histograms are read from the store, so every process returns the same values."""

    def __init__(self, figures: Figures, background: Background | None) -> None:
        self._figures = figures
        self._background = background

    def collect(self) -> Iterator[Metric]:
        yield from self._now()
        yield from self._done()
        if doing := self._background:
            yield GaugeMetricFamily("evenhand_workers", "Workers alive.", value=doing.workers)
            yield GaugeMetricFamily("evenhand_jobs_queued", "Jobs that wait.", value=doing.queued)
            yield GaugeMetricFamily("evenhand_jobs_failed", "Jobs that failed in the last days.", value=doing.failed)

    def _now(self) -> Iterator[Metric]:
        figures = self._figures
        for name, words, value in (
            ("waiting", "Conversations that wait.", figures.waiting),
            ("oldest_wait_seconds", "How long the oldest has waited.", _seconds_since(figures.oldest_wait_since)),
            ("stranded", "Conversations that somebody could have taken, when last checked.", figures.stranded),
            ("webhook_deliveries_pending", "Deliveries still to be made.", figures.deliveries_pending),
        ):
            yield GaugeMetricFamily(f"evenhand_{name}", words, value=value)
        if checked_at := figures.stranded_checked_at:
            words = "How long ago the account whose check is oldest was last checked for stranded conversations."
            age = _seconds_since(checked_at)
            yield GaugeMetricFamily("evenhand_stranded_check_age_seconds", words, value=age)

    def _done(self) -> Iterator[Metric]:
        rows, runs = self._of(Measure.ASSIGNMENTS), self._of(Measure.RUNS)
        deliveries = self._of(Measure.DELIVERIES)
        yield _counter("assignments", "Ledger rows by source.", ["source"], _by_word(rows))
        yield _counter("runs", "Finished runs.", ["outcome", "reason"], _by_reason(runs))
        yield _counter("webhook_deliveries", "Deliveries that ended so.", ["status"], _by_word(deliveries))
        yield _histogram("run_seconds", "How long runs took.", runs, RUN_BUCKETS)
        yield _histogram("event_to_assigned_seconds", "From waiting to assigned.", rows, WAIT_BUCKETS)

    def _of(self, measure: Measure) -> list[Counted]:
        return [counted for counted in self._figures.done if counted.kind.measure is measure]


def _seconds_since(at: datetime | None) -> float:
    return max((clock.now() - at).total_seconds(), 0.0) if at else 0.0


def _counter(name: str, words: str, labels: Sequence[str], counts: Counter[tuple[str, ...]]) -> Metric:
    family = CounterMetricFamily(f"evenhand_{name}", words, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _histogram(name: str, words: str, counted: Sequence[Counted], bounds: Sequence[float]) -> Metric:
    timed = [(one.kind.bucket, one) for one in counted if one.kind.bucket is not None]
    under = [(_bound(bound), sum(one.count for bucket, one in timed if bucket <= bound)) for bound in bounds]
    return HistogramMetricFamily(
        f"evenhand_{name}", words, buckets=under, sum_value=sum(one.seconds for _, one in timed)
    )


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else str(bound)


def _by_word(counted: Sequence[Counted]) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for one in counted:
        counts[(one.kind.word,)] += one.count
    return counts


def _by_reason(counted: Sequence[Counted]) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter()
    for one in counted:
        counts[(one.kind.word, one.kind.reason or "")] += one.count
    return counts
