"""The README keeps its word, with curl only: an assigned conversation, and shadow beside a helpdesk."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from dashboard.config import ROOT
from dashboard.helpdesks.rt.adapter import RequestTracker
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.rt import instance as request_tracker
from tests.helpdesks.rt.acts import WORD, People
from tests.stack.running import FOREIGN, Running
from tests.waiting import PATIENCE, eventually

EMPTY = "## From an empty account to an assigned conversation"
BESIDE = "## Beside your helpdesk"
# The lines of the first chapter that make an account, and name its API and token.
NAMES = 4


def script(heading: str) -> str:
    """Return what a chapter of the README says to type."""
    chapter = (ROOT / "README.md").read_text().split(f"{heading}\n")[1]
    [typed] = re.findall(r"```sh\n(.*?)```", chapter.split("\n## ")[0], re.DOTALL)
    return typed


def type_in(stack: Running, typed: str) -> list[Any]:
    """Type this in, on a stack; return the answers, none of which is an error."""
    assert shutil.which("curl"), "This test needs curl: what the README says could not be tried on this machine."
    env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    done = subprocess.run(
        ["sh", "-eu", "-c", typed.replace("127.0.0.1:8000", f"127.0.0.1:{stack.port}")],
        cwd=ROOT,
        env=env | {"EVENHAND_INSTANCE": str(stack.instance)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [answer for answer in answers if "error" in answer]
    return answers


def test_what_the_readme_says_to_type_assigns_a_conversation_and_explains_it(instance: Path) -> None:
    with Running(instance) as stack:
        stack.hear("Evenhand is ready")

        explanation = type_in(stack, script(EMPTY))[-1]

    assert (explanation["conversation_id"], explanation["state"], explanation["agent_id"]) == (1, "assigned", 1)
    assert explanation["sentence"] == "Assigned to ada by a run: nobody else was eligible."


@pytest.mark.rt
@pytest.mark.gate
def test_what_the_readme_says_to_type_decides_in_shadow_beside_request_tracker(instance: Path) -> None:
    """C19, C20"""
    with request_tracker.running() as there, Running(instance) as stack:
        people = People(there)
        queue_id = people.new_queue()
        key = people.new_conversation(queue_id)
        agent = f"AGENT={people.user_id('ana')} INBOX={queue_id}"
        stack.hear("Evenhand is ready")
        names = "\n".join(script(EMPTY).splitlines()[:NAMES])
        typed = script(BESIDE).replace("http://127.0.0.1:8080", there.url).replace("AGENT=14 INBOX=1", agent)

        made, *answers = type_in(stack, f"{names}\n{typed}")

        checks = next(answer["checks"] for answer in answers if "checks" in answer)
        assert [check for check in checks if not check["ok"]] == []
        eventually(lambda: shadow(stack, made["token"]))
        assert shadow(stack, made["token"])["agent_id"] == 2
        ticket = RequestTracker(PlainHttp(there.url), {"user": "evenhand", "password": WORD}).read_one(key)
        assert ticket is not None
        assert ticket.assignee_id is None
        people.close()


def shadow(stack: Running, token: str) -> Any:
    """Return the decision in shadow about the one conversation, None before it is made."""
    url = f"http://127.0.0.1:{stack.port}/api/v1/accounts/1"
    client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
    with client:
        client.post("/agents/2/heartbeat")
        found = client.get("/conversations").raise_for_status().json()["data"]
    return found[0]["shadow"] if found else None
