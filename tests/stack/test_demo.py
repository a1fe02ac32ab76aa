"""`make run`'s demo: a helpdesk of its own process beside it, and none without the demo account."""

from pathlib import Path

import pytest

from dashboard.demo import shop
from tests.stack.running import Running
from tests.waiting import eventually

HELPDESK = "tests.helpdesks.chatwoot.kept"


@pytest.mark.gate
def test_the_demos_helpdesk_is_connected_and_comes_back_by_the_same_address_after_a_kill(instance: Path):
    """C19"""
    address = instance / shop.FOLDER / shop.ADDRESS
    with Running(instance, "--demo") as stack:
        stack.hear("Evenhand is ready")
        eventually(address.exists)
        before = address.read_text()
        stack.hear("demo_helpdesk_is_connected")

        stack.child(HELPDESK).kill()

        stack.hear("demo_helpdesk was killed (SIGKILL); it is started again")
        stack.hear(before)
        assert address.read_text() == before


@pytest.mark.gate
def test_without_the_demo_no_helpdesk_runs(instance: Path):
    with Running(instance) as stack:
        stack.hear("Evenhand is ready")

        assert not [one for one in stack.processes() if HELPDESK in " ".join(one.cmdline())]
        assert not (instance / shop.FOLDER).exists()
