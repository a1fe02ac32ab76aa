"""What a conversation costs, from its arrival by HTTP to its end: what docs/scaling.md multiplies.

Nothing here must be reached. Each limit is what one core, or one MB a second, has for a conversation at the pace of
the plan, so that a ratio is how many cores, or MB a second, the plan needs.
"""

import time
from collections.abc import Iterator, Mapping

from psutil import NoSuchProcess, Process
from sqlalchemy import text

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.redis import client as redis_client
from jobs.rq_queue import DEFAULT
from tests.benchmarks import serving
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import Floor
from tests.benchmarks.latency import ARRIVES, token_of

# Each comes and ends alone, in an inbox of twenty: one run gives it out, and nothing waits for the room that it makes.
FLOOR = Floor(waiting=0, agents=20)
CONVERSATIONS = 100
APART = 0.06
# 1,000 accounts with 1,000 conversations an hour each.
PER_SECOND = 1_000 * 1_000 / 3_600
CORES = ("web processes", "worker", "Postgres", "Redis")
BYTES = ("write-ahead log", "disk")
WRITTEN = text("""
SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') AS log, pg_database_size(current_database()) AS disk,
  (SELECT count(*) FROM assignments) AS given, (SELECT count(*) FROM runs) AS runs
""")


def measure(bench: Bench) -> Iterator[Figure]:
    """Let conversations come and go on the real processes."""
    with bench.copy(FLOOR) as settings, work(settings) as watching, serving.serving(settings) as served:
        token = token_of(settings)
        with serving.running(settings, "jobs.worker", "--queues", "scheduled_jobs", DEFAULT) as worker:
            processes = {"web processes": served.processes, "worker": (Process(worker.pid),), **stores_of(watching)}
            _come_and_go(served.port, token)  # until the worker is there and warm
            rounds = [_round(watching, processes, served.port, token) for _ in range(ROUNDS)]
    for what in CORES:
        yield _figure(what, [1_000 * one[what] for one in rounds], "ms", limit=1_000 / PER_SECOND)
    for what in BYTES:
        yield _figure(what, [one[what] / 1_000 for one in rounds], "kB", limit=1_000 / PER_SECOND)
    yield _figure("runs", [one["runs"] for one in rounds], "runs", limit=1)


def _figure(what: str, taken: list[float], unit: str, *, limit: float) -> Figure:
    rounds = [Round(measured=one, limit=limit) for one in taken]
    return figure("costs", f"a conversation's whole life: {what}", rounds, unit=unit, bar=Bar())


def stores_of(watching: UnitOfWork) -> Mapping[str, tuple[Process, ...]]:
    """Return the stores' processes; Postgres's has those of all connections as children."""
    backend = watching.session.scalar(text("SELECT pg_backend_pid()"))
    with redis_client.connect(watching.settings.redis_url) as client:
        server = client.info("server")["process_id"]
    parent = Process(backend).parent()
    assert parent is not None
    return {"Postgres": (parent,), "Redis": (Process(server),)}


def _round(
    watching: UnitOfWork, processes: Mapping[str, tuple[Process, ...]], port: int, token: str
) -> Mapping[str, float]:
    """Return what each conversation of a round took: seconds of a core, bytes, and how many runs it made."""
    before = _so_far(watching, processes)
    _come_and_go(port, token)
    after = _so_far(watching, processes)
    assert after["given"] - before["given"] == CONVERSATIONS
    return {what: (after[what] - before[what]) / CONVERSATIONS for what in before}


def _come_and_go(port: int, token: str) -> None:
    for _ in range(CONVERSATIONS):
        conversation = serving.post(port, token, "/conversations", ARRIVES)["id"]
        time.sleep(APART)
        serving.post(port, token, f"/conversations/{conversation}/toggle_status", {"status": "resolved"})
        time.sleep(APART)


def _so_far(watching: UnitOfWork, processes: Mapping[str, tuple[Process, ...]]) -> dict[str, float]:
    written = watching.session.execute(WRITTEN).one()
    watching.session.commit()
    used = {what: sum(map(processor_seconds, found)) for what, found in processes.items()}
    stand = {"write-ahead log": float(written.log), "disk": written.disk, "given": written.given, "runs": written.runs}
    return {**used, **stand}


def processor_seconds(process: Process) -> float:
    """Return the seconds of a core that a process and its children used; its parent has those of one that ended."""
    try:
        times = process.cpu_times()
    except NoSuchProcess:
        return 0.0
    gone = times.children_user + times.children_system
    return times.user + times.system + gone + sum(map(processor_seconds, process.children()))
