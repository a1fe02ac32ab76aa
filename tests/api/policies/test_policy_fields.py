"""Every field of the register is in calls and in answers."""

import pytest

from dashboard.api.policies.assignment_policies import AssignmentPolicySchema
from dashboard.engine.policy import POLICY_FIELDS
from tests.api.conftest import Caller
from tests.policies import UNLIKE


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_a_field_is_changed_and_read(supervisor: Caller, name: str) -> None:
    teams = [supervisor.post("/teams", {"name": team}).json["id"] for team in ("First", "Second")]
    overflow = {"overflow_team_id": teams[0], "overflow_after": 1} if name.startswith("overflow") else {}
    path = f"/assignment_policies/{supervisor.post('/assignment_policies', {'name': 'Fair', **overflow}).json['id']}"
    wanted = teams[1] if name == "overflow_team_id" else UNLIKE[name]

    changed = supervisor("PATCH", path, {name: wanted})

    assert changed.status_code == 200
    assert changed.json[name] == wanted
    assert supervisor.get(path).json[name] == wanted


def test_every_field_is_in_the_documents_schemas(supervisor: Caller) -> None:
    schemas = supervisor.client.get("/api/openapi.json").json["components"]["schemas"]

    assert POLICY_FIELDS.keys() <= AssignmentPolicySchema().fields.keys()
    for schema in ("AssignmentPolicy", "AssignmentPolicyBody", "AssignmentPolicyChange"):
        assert POLICY_FIELDS.keys() <= schemas[schema]["properties"].keys()
