"""Every field of the register is in calls and in answers."""

import pytest

from dashboard.api.policies.assignment_policies import AssignmentPolicySchema
from dashboard.engine.policy import POLICY_FIELDS
from tests.api.conftest import Caller
from tests.policies import UNLIKE


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_a_field_is_changed_and_read(supervisor: Caller, name: str) -> None:
    path = f"/assignment_policies/{supervisor.post('/assignment_policies', {'name': 'Fair'}).json['id']}"

    changed = supervisor("PATCH", path, {name: UNLIKE[name]})

    assert changed.status_code == 200
    assert changed.json[name] == UNLIKE[name]
    assert supervisor.get(path).json[name] == UNLIKE[name]


def test_every_field_is_in_the_documents_schemas(supervisor: Caller) -> None:
    schemas = supervisor.client.get("/api/openapi.json").json["components"]["schemas"]

    assert POLICY_FIELDS.keys() <= AssignmentPolicySchema().fields.keys()
    for schema in ("AssignmentPolicy", "AssignmentPolicyBody", "AssignmentPolicyChange"):
        assert POLICY_FIELDS.keys() <= schemas[schema]["properties"].keys()
