"""A snapshot that was kept comes back the same."""

import json

from hypothesis import given

from dashboard.store.assignment import snapshot_json
from tests.engine.test_planner import floors


@given(floors())
def test_what_a_run_kept_plans_to_the_same_decisions(snapshot):
    """E46, E47"""
    kept = json.loads(snapshot_json.dump(snapshot))

    assert snapshot_json.load(kept) == snapshot
