"""A new release comes while the old one serves: nothing waits for it, and what was asked of the old one is done."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rq import Queue

from dashboard.store.redis import client
from tests.faults.load import Load
from tests.faults.stack import WEB, Stack
from tests.stack.running import a_free_port

pytestmark = pytest.mark.gate


@contextmanager
def migrated(stack: Stack) -> Iterator[None]:
    """A migration, as one that adds a column; it takes each table for itself for a moment."""
    tables = ("conversations", "assignment_policies", "account_users", "assignments")
    with stack.beside() as postgres:
        for table in tables:
            postgres.execute(f"ALTER TABLE {table} ADD COLUMN deployed text NOT NULL DEFAULT 'new'".encode())
        yield
        for table in tables:
            postgres.execute(f"ALTER TABLE {table} DROP COLUMN deployed".encode())


def test_new_processes_take_over_from_old_ones(load: Load):
    """E32, E43: both at work at once, a migration in between, and jobs in the queue that only the other one knows.

    Seen to fail with request_stop not noting that somebody asked: an old worker began again, and never ended.
    """
    stack = load.stack
    queue = Queue("default", connection=client.connect(stack.settings.redis_url, text=False))
    old = {name: stack.kept.pop(name) for name in list(stack.kept)}
    for _ in range(3):
        queue.enqueue("jobs.tasks.of_another_release", load.account_id)
    with migrated(stack):
        stack.port = a_free_port()
        stack.keep("web", *WEB, "--port", str(stack.port))
        for name in old:
            if name != "web":
                stack.keep(name, *old[name].words[1:])
        stack.until(stack.is_ready)
        load.api = stack.api(load.api.token)
        load.runs_for(1.0)

        for process in old.values():
            process.stop()

        load.runs_for(1.0)
    assert all(process.process.returncode == 0 for process in old.values())
