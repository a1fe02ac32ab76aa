"""The demo's process: it waits for stores that are down, and stops when it is told to."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashboard.config import Settings


@contextmanager
def demo(settings: Settings, log: Path, **env: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the process beside these stores, its words going to a file; it is told to stop at the end."""
    stores = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "jobs.demo"],
            env={**os.environ, **stores, "EVENHAND_INSTANCE": str(settings.instance), **env},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(log: Path, word: str) -> None:
    give_up_at = time.monotonic() + 20
    while word not in log.read_text():
        assert time.monotonic() < give_up_at, log.read_text()
        time.sleep(0.05)


def test_while_postgres_is_down_it_says_so_once_and_waits_and_stops_when_told(settings: Settings, tmp_path: Path):
    log = tmp_path / "log"
    nowhere = f"postgresql://nobody@/none?host={tmp_path}"

    with demo(settings, log, DATABASE_URL=nowhere) as process:
        wait_for(log, "demo_waits")
        time.sleep(3)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=5) == 0
    assert log.read_text().count("demo_waits") == 1


def test_without_a_demo_account_it_says_so_and_waits_to_be_stopped(settings: Settings, tmp_path: Path):
    log = tmp_path / "log"

    with demo(settings, log) as process:
        wait_for(log, "no demo account")
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=5) == 0
    assert len(log.read_text().splitlines()) == 1
