"""The audit tells what is vulnerable from what could not be asked."""

import json

import pytest

from tests.audit import Unasked, found_by_npm, found_by_pip_audit, told

SKIPPED = {"name": "flask", "skip_reason": "Dependency not found on PyPI"}
SOUND = {"name": "rq", "version": "2.12.0", "vulns": []}
WEAK = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.0"]}]}


def test_a_vulnerability_is_named():
    npm = {"auditReportVersion": 2, "vulnerabilities": {"uplot": {"severity": "high"}}}

    assert found_by_pip_audit(json.dumps({"dependencies": [SKIPPED, SOUND, WEAK]})) == ["jinja2 2.0: PYSEC-1"]
    assert found_by_npm(json.dumps(npm)) == ["uplot: high"]


def test_nothing_known_is_fine():
    assert found_by_pip_audit(json.dumps({"dependencies": [SOUND]})) == []
    assert found_by_npm(json.dumps({"auditReportVersion": 2, "vulnerabilities": {}})) == []


@pytest.mark.parametrize("said", ["", "not JSON", "{}", json.dumps({"dependencies": [SKIPPED]}), '{"message": "405"}'])
def test_who_does_not_answer_has_found_nothing(said: str):
    for found_by in (found_by_pip_audit, found_by_npm):
        with pytest.raises(Unasked):
            found_by(said)


@pytest.mark.parametrize(
    ("found", "unasked", "lines"),
    [
        ([], [], ["No vulnerability is known of what was checked."]),
        (
            [],
            ["npm is silent"],
            ["No vulnerability is known of what was checked.", "Not all was checked: npm is silent."],
        ),
        (["jinja2 2.0: PYSEC-1"], ["npm is silent"], ["jinja2 2.0: PYSEC-1", "Not all was checked: npm is silent."]),
        ([], ["npm is silent", "PyPI as well"], ["Nothing was checked: npm is silent, PyPI as well."]),
    ],
)
def test_that_nothing_was_found_is_worth_as_much_as_was_asked(found, unasked, lines):
    assert told(found, unasked) == lines
