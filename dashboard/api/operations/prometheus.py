"""Metrics in Prometheus's format."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from dashboard import clock
from dashboard.services.operations.health import (
    RUN_BUCKETS,
    WAIT_BUCKETS,
    WRITE_BUCKETS,
    Background,
    Counted,
    Figures,
    Measure,
)

# Of helpdesks: what is counted, in which words, and by what.
OF_HELPDESKS = (
    (Measure.HELPDESK_WEBHOOKS, "Helpdesks' webhooks that arrived.", "outcome"),
    (Measure.HELPDESK_REPAIRS, "Changes in helpdesks that no webhook told.", "cause"),
    (Measure.HELPDESK_WRITES, "Assignments written in helpdesks.", "outcome"),
    (Measure.HELPDESK_CONFLICTS, "Choices of people in helpdesks that were overwritten, and put back.", "kind"),
)


def exposition(figures: Figures, background: Background | None, calls: Mapping[str, int] | None) -> bytes:
    """Return the metrics as text; those of Redis are left out while it is down. `calls` to helpdesks are by status."""
    registry = CollectorRegistry()
    registry.register(_Collector(figures, background, calls))
    return generate_latest(registry)


class _Collector:
    """Counters and histograms are read from the store, so every process returns the same values."""

    def __init__(self, figures: Figures, background: Background | None, calls: Mapping[str, int] | None) -> None:
        self._figures = figures
        self._background = background
        self._calls = calls

    def collect(self) -> Iterator[Metric]:
        yield from self._now()
        yield from self._done()
        yield from self._of_helpdesks()
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
            ("alerts_open", "Alerts that are open.", figures.alerts_open),
            ("alert_notices_pending", "Messages to alert channels that are not accepted yet.", figures.notices_pending),
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

    def _of_helpdesks(self) -> Iterator[Metric]:
        for measure, words, label in OF_HELPDESKS:
            yield _counter(measure.value, words, [label], _by_word(self._of(measure)))
        words = "From the decision to the helpdesk's answer that names the agent."
        yield _histogram("helpdesk_write_seconds", words, self._of(Measure.HELPDESK_WRITES), WRITE_BUCKETS)
        connections = GaugeMetricFamily("evenhand_helpdesk_connections", "Connections, by state.", labels=["state"])
        for state, count in self._figures.connections.items():
            connections.add_metric([state], count)
        yield connections
        if oldest := self._figures.oldest_reading_at:
            words = "How long ago the open conversation with the oldest reading was read from its helpdesk."
            yield GaugeMetricFamily("evenhand_helpdesk_reading_age_seconds", words, value=_seconds_since(oldest))
        if self._calls is not None:
            # Not a counter: it forgets a connection that made no call for a week.
            words = "Calls to helpdesks, by the status of their answers."
            family = GaugeMetricFamily("evenhand_helpdesk_calls", words, labels=["status"])
            for status, count in self._calls.items():
                family.add_metric([status], count)
            yield family

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
