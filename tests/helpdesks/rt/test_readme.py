"""The README keeps its word: from nothing to shadow mode beside a Request Tracker, with curl only."""

import json
import os
import re
import subprocess
from pathlib import Path

import httpx
import pytest

from dashboard.config import ROOT
from tests.helpdesks.rt.acts import WORD, People
from tests.helpdesks.rt.instance import Instance
from tests.stack.running import FOREIGN, Running
from tests.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.rt, pytest.mark.gate]
HEADING, ACCOUNT = "## Beside your helpdesk", "## From an empty account to an assigned conversation"


def typed(heading: str) -> list[str]:
    """Return the lines that a section of the README says to type."""
    chapter = (ROOT / "README.md").read_text().split(f"\n{heading}\n")[1]
    [lines] = re.findall(r"```sh\n(.*?)```", chapter.split("\n## ")[0], re.DOTALL)
    return lines.splitlines()


def script(stack: Running, desk: Instance, queue: str, person: str) -> str:
    """Return the account's lines and the helpdesk's, with this machine's ports, ids and password."""
    account = [line for line in typed(ACCOUNT) if not line.startswith("curl")]
    lines = "\n".join([*account, *typed(HEADING)]).replace("127.0.0.1:8000", f"127.0.0.1:{stack.port}")
    lines = lines.replace("http://127.0.0.1:8080", desk.url).replace('"password": "secret"', f'"password": "{WORD}"')
    return re.sub(r"QUEUE=\d+ PERSON=\d+", f"QUEUE={queue} PERSON={person}", lines)


def test_what_the_readme_says_to_type_leads_to_shadow_mode(
    tmp_path: Path, request_tracker: Instance, rt_people: People
) -> None:
    """C20, C26"""
    queue, bo = rt_people.new_queue(), rt_people.user_id("bo")
    rt_people.new_conversation(queue, "Where is my order?")
    with Running(tmp_path / "instance") as stack:
        stack.hear("Evenhand is ready")
        env = {name: value for name, value in os.environ.items() if name not in FOREIGN}

        done = subprocess.run(
            ["sh", "-eu", "-c", script(stack, request_tracker, queue, bo)],
            cwd=ROOT,
            env=env | {"EVENHAND_INSTANCE": str(tmp_path / "instance")},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert not [answer for answer in answers if "error" in answer]
        api = httpx.Client(
            base_url=f"http://127.0.0.1:{stack.port}/api/v1/accounts/1",
            headers={"Authorization": f"Bearer {answers[0]['token']}"},
        )

        eventually(lambda: shadowed(api))

        assert shadowed(api) == 2


def shadowed(api: httpx.Client) -> int | None:
    """Return the agent on whom the first conversation's shadow decision is."""
    conversations = api.get("/conversations", params={"inbox_id": 1}).json()["data"]
    decided = [one["shadow"]["agent_id"] for one in conversations if one["shadow"]]
    return decided[0] if decided else None
