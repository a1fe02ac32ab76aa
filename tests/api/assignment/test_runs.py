"""Runs through the API (api.md section 5)."""

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import func, select

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.services.assignment import run as assignment_run
from dashboard.services.assignment import runs
from dashboard.services.assignment.run import RunRequest
from dashboard.services.core.container import build
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.models import IdempotentAnswer, Run
from dashboard.store.postgres import database
from tests.api.conftest import Caller
from tests.counting import statements
from tests.desks import Acme, Recorded


class Working(Recorded):
    """A queue that, when told to, does what it is asked: in threads with connections of their own, as workers do."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.does, self.down = False, False
        self._settings = settings
        self._threads: list[threading.Thread] = []

    def run_inbox(self, account_id: int, inbox_id: int, source: Source, actor_id: int | None = None) -> str:
        if self.down:
            raise StoreUnavailable("jobs: down")
        job_id = super().run_inbox(account_id, inbox_id, source, actor_id)
        if self.does:
            request = RunRequest(source=source, actor_id=actor_id, job_id=job_id)
            self._threads.append(threading.Thread(target=self._work, args=(account_id, inbox_id, request)))
            self._threads[-1].start()
        return job_id

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _work(self, account_id: int, inbox_id: int, request: RunRequest) -> None:
        engine = database.connect(self._settings.database_url)
        with engine.connect() as connection, database.Session(connection) as session:
            assignment_run.run_inbox(
                build(self._settings, Recorded()).work(session), account_id, inbox_id, request=request
            )
        engine.dispose()


@pytest.fixture
def queue(settings: Settings) -> Iterator[Working]:
    working = Working(settings)
    yield working
    working.join()


def path_of(acme: Acme) -> str:
    return f"/inboxes/{acme.support}/assignment_runs"


def test_a_run_that_is_asked_for_is_queued(supervisor: Caller, acme: Acme, queue: Recorded) -> None:
    """E34"""
    asked = supervisor.post(path_of(acme))

    assert asked.status_code == 202
    assert asked.json == {"job_id": "job-1", "status": "queued"}
    assert queue.runs == [(acme.account_id, acme.support, Source.MANUAL)]


def test_who_waits_gets_the_run(supervisor: Caller, acme: Acme, queue: Working) -> None:
    """E34, E46"""
    queue.does = True
    acme.policy()
    acme.online("Ana", "Bo", at=clock.now())
    conversations = acme.waiting(3)

    run = supervisor.post(f"{path_of(acme)}?wait=true")

    assert run.status_code == 200
    assert run.json == {
        "id": run.json["id"],
        "inbox_id": acme.support,
        "source": "manual",
        "started_at": run.json["started_at"],
        "finished_at": run.json["finished_at"],
        "outcome": "assigned",
        "reason": None,
        "waiting_before": 3,
        "assigned_count": 3,
        "left_waiting": {},
        "assignments": [
            {"conversation_id": conversations[0], "agent_id": acme.agents["Ana"], "position": 1},
            {"conversation_id": conversations[1], "agent_id": acme.agents["Bo"], "position": 2},
            {"conversation_id": conversations[2], "agent_id": acme.agents["Ana"], "position": 3},
        ],
    }
    assert supervisor.get(f"/assignment_runs/{run.json['id']}").json == run.json
    assert supervisor.get(path_of(acme)).json["data"] == [run.json]


def test_who_waits_for_a_run_with_nothing_to_do_is_told_so(supervisor: Caller, acme: Acme, queue: Working) -> None:
    queue.does = True
    acme.policy()

    run = supervisor.post(f"{path_of(acme)}?wait=true")

    assert (run.status_code, run.json["outcome"], run.json["reason"]) == (200, "stop", "nothing_waiting")


def test_who_waits_too_long_gets_the_job(supervisor: Caller, acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.wait_for, "__kwdefaults__", {"patience": runs.LOOKS_EVERY})

    assert supervisor.post(f"{path_of(acme)}?wait=true").status_code == 202


def test_runs_are_listed_newest_first_in_a_fixed_number_of_queries(supervisor: Caller, acme: Acme, app: Flask) -> None:
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)
    acme.run()
    supervisor.get(path_of(acme))  # a token's first use is noted
    with statements(app.extensions["probe"]) as few:
        supervisor.get(path_of(acme))
    for _ in range(5):
        acme.waiting(1)
        acme.run()
    with statements(app.extensions["probe"]) as many:
        listed = supervisor.get(path_of(acme)).json

    ids = [run["id"] for run in listed["data"]]
    assert ids == sorted(ids, reverse=True)
    assert listed["meta"]["count"] == 6
    assert [len(run["assignments"]) for run in listed["data"]] == [1] * 6
    assert len(many) == len(few)


def test_there_are_no_runs_of_inboxes_that_are_not_there(supervisor: Caller, acme: Acme, stranger: Caller) -> None:
    acme.policy()
    run_id = acme.run().run_id
    for inbox_id in (acme.stranger_inbox_id, 99):
        assert supervisor.post(f"/inboxes/{inbox_id}/assignment_runs").status_code == 404
        assert supervisor.get(f"/inboxes/{inbox_id}/assignment_runs").status_code == 404
    assert stranger.get(f"/assignment_runs/{run_id}").status_code == 404


def test_a_run_asked_for_twice_under_one_key_is_made_once(supervisor: Caller, acme: Acme, queue: Working) -> None:
    queue.does = True
    acme.policy()
    key = {"Idempotency-Key": "once"}

    first = supervisor.post(f"{path_of(acme)}?wait=true", headers=key)
    again = supervisor.post(f"{path_of(acme)}?wait=true", headers=key)

    assert first.json == again.json
    assert acme.work.session.scalar(select(func.count()).select_from(Run)) == 1


def test_a_run_that_could_not_be_queued_spends_no_key(supervisor: Caller, acme: Acme, queue: Working) -> None:
    key = {"Idempotency-Key": "once"}
    queue.down = True
    assert supervisor.post(path_of(acme), headers=key).status_code == 503

    queue.down = False
    assert acme.work.session.scalars(select(IdempotentAnswer)).all() == []
    assert supervisor.post(path_of(acme), headers=key).status_code == 202


def test_a_run_takes_no_fields(supervisor: Caller, acme: Acme) -> None:
    refused = supervisor.post(path_of(acme), {"force": True})

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == ["force"]
    assert supervisor("POST", path_of(acme), data="").status_code == 202
