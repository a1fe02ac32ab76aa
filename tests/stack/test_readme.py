"""The README keeps its word: from an empty account to an assigned conversation, with curl only."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.config import ROOT
from tests.stack.running import FOREIGN, Running
from tests.waiting import PATIENCE

HEADING = "## From an empty account to an assigned conversation"


def script() -> str:
    """Return what the README says to type."""
    chapter = (ROOT / "README.md").read_text().split(HEADING)[1]
    [typed] = re.findall(r"```sh\n(.*?)```", chapter.split("\n## ")[0], re.DOTALL)
    return typed


@pytest.mark.gate
def test_what_the_readme_says_to_type_assigns_a_conversation_and_explains_it(instance: Path) -> None:
    assert shutil.which("curl"), "This test needs curl: what the README says could not be tried on this machine."
    with Running(instance) as stack:
        stack.hear("Evenhand is ready")
        env = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        typed = script().replace("127.0.0.1:8000", f"127.0.0.1:{stack.port}")

        done = subprocess.run(
            ["sh", "-eu", "-c", typed],
            cwd=ROOT,
            env=env | {"EVENHAND_INSTANCE": str(instance)},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [answer for answer in answers if "error" in answer]
    explanation = answers[-1]
    assert (explanation["conversation_id"], explanation["state"], explanation["agent_id"]) == (1, "assigned", 1)
    assert explanation["sentence"] == "Assigned to ada by a run: nobody else was eligible."
