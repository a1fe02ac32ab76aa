"""The check of the simulator through the API (api.md section 12)."""

from dashboard.engine.model import Role
from tests.api.conftest import Caller
from tests.desks import Recorded

KEYS = {
    *("model", "figure", "arrivals_per_minute", "handling_minutes", "agents", "patience_minutes"),
    *("closed_form", "simulated", "low", "high", "agrees"),
}


def test_everybody_reads_the_last_check(call_as) -> None:
    """T20"""
    agent = call_as(Role.AGENT)
    trust = agent.get("/trust").json

    assert {"checked_at": None, "agrees": None, "requested_at": None}.items() <= trust.items()
    assert [case["model"] for case in trust["cases"]] == ["erlang_c"] * 5 + ["erlang_a"] * 4
    assert {case["figure"] for case in trust["cases"]} == {"p_wait", "p_abandon"}
    assert set(trust["cases"][0]) == KEYS
    assert round(trust["cases"][0]["closed_form"], 5) == 0.44939


def test_a_supervisor_starts_a_check(supervisor: Caller, call_as, queue: Recorded) -> None:
    """T20"""
    agent = call_as(Role.AGENT)
    answer = supervisor.post("/trust/checks")

    assert answer.status_code == 202
    assert answer.json["requested_at"]
    assert len(queue.checks) == 1
    assert agent.post("/trust/checks").status_code == 403
    assert supervisor.post("/trust/checks").status_code == 202
    assert len(queue.checks) == 1
