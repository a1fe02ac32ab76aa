"""A snapshot is the same after its storage in a run's record."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard.engine import planner
from dashboard.engine.model import ConnectionMode, Hold
from dashboard.store.assignment import snapshot_json
from tests.engine.floors import NOON, SUPPORT, a_conversation, a_snapshot, an_agent


@pytest.mark.parametrize("hold", [None, *Hold])
@pytest.mark.parametrize("mode", [None, *ConnectionMode])
def test_a_helpdesks_inbox_and_its_holds_are_kept(mode: ConnectionMode | None, hold: Hold | None):
    """C11, E47"""
    inbox = replace(SUPPORT, mode=mode, is_stopped=mode is ConnectionMode.OFF, read_at=mode and NOON)
    held = a_conversation(held_for=hold, held_until=hold and NOON + timedelta(seconds=3))
    snapshot = a_snapshot([an_agent()], [held, a_conversation()], inbox=inbox)

    kept = snapshot_json.load(json.loads(snapshot_json.dump(snapshot)))

    assert kept == snapshot
    assert planner.plan(kept, NOON) == planner.plan(snapshot, NOON)


def test_a_snapshot_of_an_older_release_has_no_helpdesk():
    """E47"""
    stored = json.loads(snapshot_json.dump(a_snapshot([an_agent()], [a_conversation()])))
    for kind, new in (("inbox", 3), ("waiting", 2)):
        stored[kind] = {"names": stored[kind]["names"][:-new], "rows": [row[:-new] for row in stored[kind]["rows"]]}

    assert not snapshot_json.load(stored).inbox.is_connected
