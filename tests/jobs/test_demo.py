"""The demo's process: it waits for stores that are down, and stops when it is told to."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dashboard.config import Settings
from tests.waiting import PATIENCE, eventually


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


@contextmanager
def hanging_up() -> Iterator[tuple[int, list[object]]]:
    """Yield a port that ends each connection at once, and those that it has ended."""
    ended: list[object] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, caller = server.accept()
                connection.close()
                ended.append(caller)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1], ended
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.gate
def test_while_postgres_is_down_it_says_so_once_and_waits_and_stops_when_told(settings: Settings, tmp_path: Path):
    log = tmp_path / "log"

    with (
        hanging_up() as (port, ended),
        demo(settings, log, DATABASE_URL=f"postgresql://nobody@127.0.0.1:{port}/none") as process,
    ):
        eventually(lambda: "demo_waits" in log.read_text())
        before = len(ended)
        eventually(lambda: len(ended) >= before + 2)
        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
    assert log.read_text().count("demo_waits") == 1


def test_without_a_demo_account_it_says_so_and_waits_to_be_stopped(settings: Settings, tmp_path: Path):
    log = tmp_path / "log"

    with demo(settings, log) as process:
        eventually(lambda: "no demo account" in log.read_text())
        process.send_signal(signal.SIGTERM)

        assert process.wait(PATIENCE) == 0
    assert len(log.read_text().splitlines()) == 1
