"""The whole way: the real application, called as a helpdesk calls it, and real workers."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

import app as composition
from dashboard import clock
from dashboard.config import Settings
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import NewAccountForm
from dashboard.services.accounts.accounts import CreatedAccount
from jobs.rq_queue import RqJobs
from tests.desks import committed
from tests.jobs.conftest import PRESENCE_SECONDS, SWEEPS_AT_START, process, scheduled_jobs_done
from tests.waiting import eventually, promptly

READY = {"postgres": True, "redis": True, "scheduler": True, "workers": 1}


@dataclass(slots=True)
class Helpdesk:
    """A program that has a token and calls the API."""

    client: FlaskClient
    account_id: int
    token: str
    agents: dict[str, int] = field(default_factory=dict)

    def call(self, method: str, path: str, body: Any = None, status: int | None = None) -> Any:
        """Call the API below the account; fail unless it says yes, or the status expected."""
        answer = self.client.open(
            f"/api/v1/accounts/{self.account_id}{path}",
            method=method,
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        assert answer.status_code == status if status else answer.status_code < 300, answer.text
        return answer.get_json() if answer.data else None

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body if body is not None else {})

    def inbox(self, name: str, *members: str, **policy: Any) -> int:
        """Make an inbox with these agents, who are there, under a policy with these rules."""
        made = self.post("/inboxes", {"name": name})
        inbox_id = int(made["id"])
        self.call("PUT", f"/inboxes/{inbox_id}/members", {"user_ids": [self.agent(one) for one in members]})
        rules = self.post("/assignment_policies", {"name": f"Policy of {name}", **policy})
        self.post(f"/inboxes/{inbox_id}/assignment_policy", {"assignment_policy_id": rules["id"]})
        self.here(*members)
        return inbox_id

    def agent(self, name: str) -> int:
        if name not in self.agents:
            body = {"name": name, "email": f"{name.lower()}@{self.account_id}.example", "role": "agent"}
            self.agents[name] = int(self.post("/agents", body)["id"])
        return self.agents[name]

    def here(self, *names: str) -> None:
        self.call("POST", "/heartbeats", {"agent_ids": [self.agent(name) for name in names]})

    def capacity(self, name: str, **limits: int) -> int:
        """Put an agent under a capacity policy with these limits by inbox id (`inbox_3=5`)."""
        policy = self.post("/agent_capacity_policies", {"name": f"Limits of {name}"})
        for key, limit in limits.items():
            body = {"inbox_id": int(key.removeprefix("inbox_")), "conversation_limit": limit}
            self.post(f"/agent_capacity_policies/{policy['id']}/inbox_limits", body)
        self.post(f"/agent_capacity_policies/{policy['id']}/users", {"user_id": self.agent(name)})
        return int(policy["id"])

    def bring(self, inbox_id: int, count: int, **facts: Any) -> list[int]:
        ids: list[int] = []
        for start in range(0, count, 1_000):
            rows = [{"inbox_id": inbox_id, **facts} for _ in range(min(1_000, count - start))]
            ids += self.post("/conversations/bulk", {"conversations": rows})["ids"]
        return ids

    def who(self, ids: list[int]) -> list[str]:
        """Return who has each of these conversations, by name; `-` waits."""
        names = {agent_id: name for name, agent_id in self.agents.items()}
        found = [self.call("GET", f"/conversations/{one}")["assignee_id"] for one in ids]
        return [names[one] if one else "-" for one in found]

    def held(self, name: str) -> int:
        return int(self.call("GET", f"/agents/{self.agent(name)}")["open_conversations"])

    def waiting(self, inbox_id: int) -> int:
        return int(self.call("GET", f"/inboxes/{inbox_id}")["waiting_count"])

    def settles(self, inbox_id: int, waiting: int = 0) -> None:
        """Wait until this many wait in the inbox."""
        eventually(lambda: self.waiting(inbox_id) == waiting)

    def settles_at_once(self, inbox_id: int, waiting: int = 0) -> None:
        """Wait until this many wait in the inbox; fail where it takes longer than two seconds."""
        promptly(lambda: self.waiting(inbox_id) == waiting, within=2.0)

    def given(self, inbox_id: int) -> list[int]:
        """Return how many each run assigned that assigned any, the first run first."""
        return [run["assigned_count"] for run in reversed(self.runs(inbox_id)) if run["assigned_count"]]

    def have_ended(self, inbox_id: int) -> bool:
        """Return whether no run that has begun in the inbox goes on."""
        return all(run["finished_at"] for run in self.runs(inbox_id))

    def runs(self, inbox_id: int) -> list[dict[str, Any]]:
        return list(self.call("GET", f"/inboxes/{inbox_id}/assignment_runs")["data"])


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """Settings under which nobody goes offline during a test."""
    return replace(settings, presence_seconds=PRESENCE_SECONDS)


@pytest.fixture(scope="module")
def application(settings: Settings) -> Iterator[Flask]:
    """The real application, on stores that are empty when the module begins."""
    with committed(settings), Redis.from_url(settings.redis_url) as redis:
        redis.flushdb()
        app = composition.create_app(settings)
        yield app
        with app.app_context():
            composition.db.engine.dispose()


@pytest.fixture(scope="module")
def at_work(settings: Settings, application: Flask) -> Iterator[None]:
    """One worker and the scheduler for a module; the watch rests, which would hide a lost trigger."""
    RqJobs(settings.redis_url).let_watch_rest(timedelta(days=1))
    with process(settings, "-m", "jobs.worker"), process(settings, "-m", "jobs.schedule"):
        client = application.test_client()
        eventually(lambda: READY.items() <= client.get("/ready").get_json().items())
        eventually(lambda: scheduled_jobs_done(settings) >= SWEEPS_AT_START)
        yield


@pytest.fixture
def helpdesk(application: Flask) -> Helpdesk:
    """An account of its own."""
    with application.app_context():
        new = {"name": "Acme", "email": f"ada@{uuid4()}.example", "password": "correct horse 9"}
        made = application.extensions["evenhand"]().finished(
            accounts.create_account(application.extensions["evenhand"](), NewAccountForm().load(new), now=clock.now())
        )
        assert isinstance(made, CreatedAccount)
        composition.db.session.remove()
    return Helpdesk(application.test_client(), made.account_id, made.token)
