"""The register of a policy's fields, from which everything else follows."""

from dataclasses import fields

import pytest

from dashboard.engine.policy import DEFAULTS, POLICY_FIELDS, AssignmentPolicy, read_policy
from tests.policies import UNLIKE


def test_every_field_that_decides_is_in_the_register():
    """A field without a kind would be in no form, no row and no label."""
    assert {one.name for one in fields(AssignmentPolicy)} - {
        "id",
        "name",
        "version",
        "overridden",
    } == POLICY_FIELDS.keys()


@pytest.mark.parametrize("name", POLICY_FIELDS)
def test_every_field_has_a_label_of_its_own(name):
    labels = [kind.label for kind in POLICY_FIELDS.values()]

    assert labels.count(POLICY_FIELDS[name].label) == 1
    assert POLICY_FIELDS[name].label


def test_a_stored_policy_is_read_in_full():
    read = read_policy({"id": 1, "name": "Fair", "version": 2, **UNLIKE})

    assert (read.id, read.name, read.version) == (1, "Fair", 2)
    for name, kind in POLICY_FIELDS.items():
        assert getattr(read, name) == kind.read(UNLIKE[name])
        assert getattr(read, name) != DEFAULTS[name], name


def test_a_presence_word_that_is_null_is_no_word():
    stored = {**UNLIKE, "eligible_presence": [None, "online"]}

    assert read_policy({"id": 1, "name": "Fair", "version": 1, **stored}).eligible_presence == {"online"}


def test_a_policy_is_unnamed_as_often_as_one_likes():
    once = AssignmentPolicy(id=1, name="Fair", version=3, fair_distribution_window=None).unnamed

    assert once == once.unnamed == AssignmentPolicy(id=1, name="", fair_distribution_limit=0)
