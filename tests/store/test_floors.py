"""What agents hold."""

import pytest

from dashboard.store import floors
from tests.desks import Acme


@pytest.mark.parametrize("few", [0, 200])
def test_loads_are_by_agent_and_inbox_whichever_way_they_are_counted(
    acme: Acme, monkeypatch: pytest.MonkeyPatch, few: int
):
    """E15, E16"""
    acme.held("Ana", 2)
    acme.held("Ana", 1, "Sales")
    acme.held("Bo", 3)
    acme.waiting(4)
    monkeypatch.setattr(floors, "FEW", few)

    found = floors.loads(acme.desk.session, acme.account_id, [acme.agents["Ana"], acme.agents["Cleo"]])

    assert found == {acme.agents["Ana"]: {acme.support: 2, acme.sales: 1}}
