"""`make soak`: a large desk at work on the real stack for minutes; nothing fails, nothing grows, the records agree.

Of memory the last quarter is held against the one before: what is kept for five minutes fills up in the first half.
"""

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from dashboard import config
from dashboard.config import Settings
from dashboard.stack.embedded_stores import Stores
from dashboard.store.postgres import database
from tests.faults import invariants
from tests.soak import floor
from tests.soak.floor import Floor
from tests.soak.gauges import Gauges, Grown
from tests.soak.load import Load, Tally
from tests.stack.running import Running
from tests.waiting import eventually

# What nothing new disturbs is done within this.
SETTLED_WITHIN = 30.0
# Of what was offered; the rest is the last tick's.
SHARE_TAKEN = 0.98
HEAD = (f"| {'soak':33} | {'value':>30} | {'must':20} |", "|---|--:|---|")
COMPLAINTS = ("[error", "[critical", "[warning", "Traceback", "started again", "had stopped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table."""

    name: str
    value: str
    must: str
    holds: bool

    def __str__(self) -> str:
        wrong = "" if self.holds else " **does not hold**"
        return f"| {self.name:33} | {self.value:>30} | {self.must:20} |{wrong}"


def main() -> int:
    """Print the table; 1 if anything does not hold."""
    wanted = _arguments()
    with tempfile.TemporaryDirectory(prefix="eh-soak-") as home, ExitStack() as held:
        Path(home).chmod(0o755)
        settings = config.load({"EVENHAND_INSTANCE": home, "SECRET_KEY": secrets.token_hex(20)})
        settings = held.enter_context(Stores(settings)).settings
        lines = _soak(wanted, settings, home)
    print("\n".join([*HEAD, *map(str, lines)]))
    return 0 if all(line.holds for line in lines) else 1


def _soak(wanted: argparse.Namespace, settings: Settings, home: str) -> list[Line]:
    database.migrate(settings.database_url)
    work = Floor(agents=wanted.agents, supervisors=wanted.tabs)
    work.build(settings)
    with Running(Path(home), "--workers", str(wanted.workers), SECRET_KEY=settings.secret_key) as stack:
        eventually(lambda: stack.status_of("/ready") == 200)
        gauges = Gauges(home)
        with gauges.watching():
            tally = asyncio.run(_load(wanted, settings, work, port=stack.port).run())
        left = _left(settings)
        stack.listen()
        complaints = [line for line in stack.said if any(word in line for word in COMPLAINTS)]
        return [*_done(tally, wanted), *_complained(tally, complaints), *_true(settings, left), *_grown(gauges)]


def _load(wanted: argparse.Namespace, settings: Settings, work: Floor, *, port: int) -> Load:
    return Load(
        port=port,
        floor=work,
        rate=wanted.rate,
        tokens=floor.issue(settings, work.supervisor_ids[0]),
        cookies=[floor.cookie(settings.secret_key, one) for one in work.supervisor_ids],
        engine=database.connect(settings.database_url),
        until=time.monotonic() + wanted.minutes * 60,
    )


def _left(settings: Settings) -> list[str]:
    """Wait until all is done that is to be done; return what is left."""
    give_up_at = time.monotonic() + SETTLED_WITHIN
    while (left := invariants.unsettled(settings)) and time.monotonic() < give_up_at:
        time.sleep(0.5)
    return left


def _done(tally: Tally, wanted: argparse.Namespace) -> list[Line]:
    seconds = wanted.minutes * 60
    worst = quantiles(tally.seconds, n=100)[98] * 1_000
    taken, least = tally.taken / seconds, wanted.rate * SHARE_TAKEN
    return [
        _line("conversations per second", f"{taken:.1f}", f">= {least:g}", taken >= least),
        _line("resolved per second", f"{tally.resolved / seconds:.1f}"),
        _line("heartbeats per second", f"{tally.beats / seconds:.1f}"),
        _line("polls per second (unchanged)", f"{tally.polls / seconds:.1f} ({tally.unchanged / seconds:.1f})"),
        _line("a poll's 99th percentile", f"{worst:,.0f} ms"),
    ]


def _complained(tally: Tally, complaints: list[str]) -> list[Line]:
    for sentence in [*(f"{count} x {what}" for what, count in tally.errors.most_common(10)), *complaints[:10]]:
        print(sentence.strip(), file=sys.stderr)
    errors = tally.errors.total()
    return [
        _line("requests that failed", f"{errors:,}", "0", not errors),
        _line("complaints in the log", f"{len(complaints):,}", "0", not complaints),
    ]


def _true(settings: Settings, left: list[str]) -> list[Line]:
    engine = database.connect(settings.database_url)
    with engine.connect() as connection, database.Session(connection) as session:
        broken = invariants.broken(session)
    engine.dispose()
    for sentence in [*broken[:10], *left[:10]]:
        print(sentence, file=sys.stderr)
    return [
        _line("contradictions in the records", f"{len(broken):,}", "0", not broken),
        _line("left undone afterwards", f"{len(left):,}", "0", not left),
    ]


def _grown(gauges: Gauges) -> list[Line]:
    return [_memory(one) for one in gauges.grown()]


def _memory(one: Grown) -> Line:
    quarters = f"{one.third_quarter:,.0f} -> {one.last_quarter:,.0f}"
    value = f"{one.first_half:,.0f} | {one.second_half:,.0f} | {quarters} MB"
    return _line(f"memory of {one.part}", value, "last quarter no more", one.holds)


def _line(name: str, value: str, must: str = "", holds: bool = True) -> Line:
    return Line(name=name, value=value, must=must, holds=holds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak ARGS=...", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--agents", type=int, default=2_000, help="each is heard of every 20 s")
    parser.add_argument("--rate", type=int, default=100, help="conversations per second")
    parser.add_argument("--tabs", type=int, default=300, help="supervisors' boards, each polled every 2 s")
    parser.add_argument("--workers", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
