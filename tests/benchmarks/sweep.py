"""B6: the sweep over 10,000 routed inboxes in 1,000 accounts, of which ten have work."""

from collections.abc import Iterator
from time import perf_counter

from sqlalchemy import text

from dashboard.services.assignment import run
from dashboard.services.core.unit_of_work import UnitOfWork
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure

MANY, FEW = 10_000, 100
WITH_WORK = 10
MAY_TAKE = 50.0
# Ten inboxes to an account; the work is spread over all of them.
INBOXES = """
INSERT INTO accounts (name) SELECT 'Account ' || n FROM generate_series(1, :inboxes / 10) n;
INSERT INTO inboxes (account_id, name) SELECT (n - 1) / 10 + 1, 'Inbox ' || n FROM generate_series(1, :inboxes) n;
INSERT INTO assignment_policies (account_id, name) SELECT id, 'Default' FROM accounts ORDER BY id;
INSERT INTO inbox_assignment_policies (account_id, inbox_id, assignment_policy_id)
  SELECT i.account_id, i.id, p.id FROM inboxes i JOIN assignment_policies p ON p.account_id = i.account_id;
INSERT INTO conversations (account_id, inbox_id, created_at, last_activity_at, waiting_since)
  SELECT account_id, id, now(), now(), now() FROM inboxes, generate_series(1, 100) WHERE id % (:inboxes / :work) = 0;
INSERT INTO conversations (account_id, inbox_id, status, created_at, last_activity_at, resolved_at)
  SELECT account_id, id, 'resolved', now(), now(), now() FROM inboxes, generate_series(1, 10)
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """Sweep both in turn, so that a noisy moment meets both."""
    many, few = (bench.new(f"sweep_{count}") for count in (MANY, FEW))
    with work(many) as large, work(few) as small:
        for worker, count in ((large, MANY), (small, FEW)):
            _fill(worker, count)
            _swept(worker)
        pairs = [(_swept(large), _swept(small)) for _ in range(ROUNDS)]
    taken = [Round(measured=one, limit=MAY_TAKE) for one, _ in pairs]
    yield figure("B6", "sweep, 10,000 inboxes, 10 with work", taken, unit="ms", bar=Bar(at_most=1))
    against = [Round(measured=one, limit=other) for one, other in pairs]
    yield figure("B6", "the same against 100 inboxes", against, unit="ms", bar=Bar(at_most=1.5))


def _fill(worker: UnitOfWork, inboxes: int) -> None:
    for statement in INBOXES.split(";\n"):
        worker.session.execute(text(statement), {"inboxes": inboxes, "work": WITH_WORK})
    worker.session.commit()
    worker.session.execute(text("ANALYZE"))
    worker.session.commit()


def _swept(worker: UnitOfWork) -> float:
    """Sweep; return the milliseconds until every job is enqueued."""
    began = perf_counter()
    assert run.sweep(worker) == WITH_WORK
    return (perf_counter() - began) * 1_000
