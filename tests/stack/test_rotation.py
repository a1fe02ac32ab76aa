"""Whose turn it is outlives every process of the machine."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from dashboard.config import ROOT
from tests.stack.running import FOREIGN, Running
from tests.waiting import PATIENCE, eventually


class Helpdesk:
    """A program that calls the API of a running stack with its token."""

    def __init__(self, instance: Path) -> None:
        words = ["accounts", "create", "Acme", "--email", "ada@acme.example", "--password", "a long pass phrase"]
        env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        made = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "app", *words],
            cwd=ROOT,
            env=env | {"EVENHAND_INSTANCE": str(instance)},
            capture_output=True,
            check=True,
            text=True,
        )
        self.account = json.loads(made.stdout)
        self.port = 0

    def call(self, method: str, path: str, body: Any = None) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/accounts/{self.account['account_id']}{path}"
        headers = {"Authorization": f"Bearer {self.account['token']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(url, data=data, method=method, headers=headers), timeout=PATIENCE) as answer:
            return json.loads(answer.read() or "null")

    def gives(self, inbox_id: int, agents: list[int], count: int) -> list[int]:
        """Bring conversations in one by one and return who got each."""
        self.call("POST", "/heartbeats", {"agent_ids": agents})
        got: list[int] = []
        for _ in range(count):
            path = f"/conversations/{self.call('POST', '/conversations', {'inbox_id': inbox_id})['id']}"
            eventually(lambda path=path: self.call("GET", path)["assignee_id"])
            got.append(self.call("GET", path)["assignee_id"])
        return got


@pytest.mark.gate
def test_after_everything_was_killed_the_next_in_turn_is_next(instance):
    """E22: four of six in turn, power cut, the last two in turn."""
    with Running(instance) as stack:
        stack.hear("is ready")
        work = Helpdesk(instance)
        work.port = stack.port
        people = [{"name": name, "email": f"{name}@acme.example", "role": "agent"} for name in ("ana", "bo", "cleo")]
        agents = [work.call("POST", "/agents", person)["id"] for person in people]
        inbox = work.call("POST", "/inboxes", {"name": "Support"})["id"]
        work.call("PUT", f"/inboxes/{inbox}/members", {"user_ids": agents})
        policy = work.call("POST", "/assignment_policies", {"name": "In turn"})["id"]
        work.call("POST", f"/inboxes/{inbox}/assignment_policy", {"assignment_policy_id": policy})
        before = work.gives(inbox, agents, 4)
        stack.kill_everything()

    with Running(instance) as stack:
        stack.hear("is ready")
        work.port = stack.port
        after = work.gives(inbox, agents, 2)

    assert [*before, *after] == agents * 2
