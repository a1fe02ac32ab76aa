"""Redis goes away and comes back under real processes: all recovers by itself."""

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard import clock
from dashboard.config import Settings
from dashboard.services.tools import tools
from jobs.queues import Jobs
from tests.desks import Acme
from tests.faults.test_stores import OwnRedis
from tests.jobs.conftest import eventually, process
from tests.jobs.test_worker import assigned


@pytest.mark.parametrize("emptied", [False, True])
def test_what_came_while_redis_was_away_is_assigned_when_it_is_back(
    acme: Acme, settings: Settings, tmp_path: Path, emptied: bool
):
    """E42: nobody could be told of the second; the third's wake-up says it again. With its data, and empty."""
    server = OwnRedis(tmp_path)
    own = replace(settings, redis_url=server.url)
    acme.desk = tools(own, Jobs(own.redis_url)).desk(acme.desk.session)
    acme.policy()
    acme.change_agent("Ana", auto_offline=False)
    try:
        with process(own, "-m", "jobs.worker"), process(own, "-m", "jobs.schedule"):
            first = arrives(acme)
            eventually(lambda: assigned(acme) == 1)

            server.kill()
            second = arrives(acme)
            server.start(emptied=emptied)
            second += arrives(acme)

            eventually(lambda: assigned(acme) == 3, within=20)
    finally:
        server.kill()
    assert acme.assignees(first + second) == ["Ana"] * 3


def arrives(acme: Acme) -> list[int]:
    """Put a conversation on the floor and tell of it, as every service does."""
    ids = acme.waiting(1, created_at=clock.now())
    acme.desk.signals.wake(acme.account_id, [acme.support])
    return ids
