"""A form of before: what it takes back, and what it says of somebody else's change."""

import html
import re

import pytest

from dashboard.engine.model import Role
from dashboard.services.policies import assignment_policies, capacity_policies
from dashboard.store.agents import agents
from dashboard.store.models import Conversation
from tests.desks import Acme
from tests.pages import HTMX, Looker, hire, looking, waiting_for
from tests.security.sheets import Sheet, sheets_on

NONSENSE = [
    "",
    "{",
    "[]",
    "null",
    '{"facts": 1, "untouched": {}}',
    '{"facts": {"name": {}}, "untouched": {}}',
    "[" * 9_999,
]


@pytest.fixture
def bo(mara: Looker, acme: Acme) -> Looker:
    """Another supervisor, Bo Marlow."""
    user_id = hire(acme.work, acme.account_id, "Bo Marlow", Role.SUPERVISOR)
    return looking(mara.client.application, acme.account_id, user_id)


def form(looker: Looker, path: str, name: str) -> Sheet:
    return next(one for one in sheets_on(looker.get(path).text) if name in one.controls and one.method == "post")


def policy(acme: Acme) -> assignment_policies.PolicyRow:
    acme.work.session.rollback()
    row = assignment_policies.show(acme.work, acme.account_id, acme.policy_id)
    assert row
    return row


def test_saving_a_description_does_not_enable_a_policy_that_somebody_stopped(
    mara: Looker, bo: Looker, acme: Acme
) -> None:
    """Seen to fail without the values that the form was drawn from."""
    acme.policy("Support")
    path = f"/policies/{acme.policy_id}"
    drawn = form(mara, path, "description")

    bo.post(path, drawn.changed("enabled", ()).sent())
    mara.post(path, drawn.changed("description", ("For the night",)).sent())

    assert (policy(acme).enabled, policy(acme).description) == (False, "For the night")


def test_a_limit_that_both_set_says_who_set_it_to_what_and_when(mara: Looker, bo: Looker, acme: Acme) -> None:
    acme.policy("Support")
    path = f"/policies/{acme.policy_id}"
    drawn = form(mara, path, "description")
    bo.post(path, drawn.changed("fair_distribution_limit", ("5",)).sent())

    answer = mara.post(path, drawn.changed("fair_distribution_limit", ("7",)).changed("name", ("Night",)).sent())

    assert answer.status_code == 409
    said = re.sub(r"<[^>]+>", "", html.unescape(answer.text))
    assert re.search(r"Bo Marlow set this at \d\d:\d\d UTC: at most 5 per agent\.", said)
    assert "Not saved: others changed what is marked. Save again to set yours." in said
    assert 'aria-describedby="wrong-fair_distribution_limit"' in answer.text
    assert (policy(acme).fair_distribution_limit, policy(acme).name) == (5, "Policy 0")
    shown = next(one for one in sheets_on(answer.text) if "description" in one.controls)
    assert (shown.value("fair_distribution_limit"), shown.value("name")) == (("7",), ("Night",))


def test_htmx_gets_the_form_alone_with_the_same_words(mara: Looker, bo: Looker, acme: Acme) -> None:
    acme.policy("Support")
    path = f"/policies/{acme.policy_id}"
    drawn = form(mara, path, "description")
    bo.post(path, drawn.changed("name", ("Day",)).sent())

    answer = mara.post(path, drawn.changed("name", ("Night",)).sent(), headers=HTMX)

    assert answer.status_code == 409
    assert answer.text.lstrip().startswith('<article id="policy"')
    assert "Bo Marlow set this at" in answer.text


def test_the_limit_of_an_inbox_says_who_set_it(mara: Looker, bo: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 3})
    path, limit = f"/capacity/{policy_id}", f"limit-{acme.support}"
    drawn = form(mara, path, "description")
    bo.post(path, drawn.changed(limit, ("5",)).changed("conversation_limit", ("50",)).sent())

    answer = mara.post(path, drawn.changed(limit, ("7",)).changed("conversation_limit", ("70",)).sent())

    assert answer.status_code == 409
    assert answer.text.count("Bo Marlow set this at") == 2
    view = capacity_policies.show(acme.work, acme.account_id, policy_id)
    acme.work.session.rollback()
    assert view
    assert (view.inbox_capacity_limits[0].conversation_limit, view.conversation_limit) == (5, 50)


def test_a_label_that_came_meanwhile_stays(mara: Looker, bo: Looker, acme: Acme) -> None:
    """Seen to fail with the labels that were typed written: one that excludes was dropped."""
    [one] = waiting_for(acme, 1, minutes=5, labels=["old", "slow"])
    path = f"/conversations/{one}"
    drawn = form(mara, path, "new_label")

    bo.post(path, drawn.changed("new_label", ("VIP",)).sent())
    mara.post(path, drawn.changed("label", ("old",)).changed("new_label", ("new",)).sent())

    row = acme.work.session.get_one(Conversation, one, populate_existing=True)
    assert row.labels == ["old", "VIP", "new"]
    acme.work.session.rollback()


def test_rights_that_were_taken_do_not_come_back_with_a_new_name(uma: Looker, acme: Acme) -> None:
    """Seen to fail without the values that the form was drawn from."""
    dov = hire(acme.work, acme.account_id, "Dov Supervisor", Role.SUPERVISOR)
    other = looking(
        uma.client.application, acme.account_id, hire(acme.work, acme.account_id, "Ada", Role.ADMINISTRATOR)
    )
    path = f"/settings/users/{dov}"
    drawn = form(uma, path, "role")
    other.post(path, drawn.changed("role", ("agent",)).sent())

    named = uma.post(path, drawn.changed("name", ("Dov Marlow",)).sent())
    raised = uma.post(path, drawn.changed("role", ("administrator",)).sent())

    row = agents.find(acme.work.session, acme.account_id, dov)
    acme.work.session.rollback()
    assert row
    assert (named.status_code, row.name, row.role) == (303, "Dov Marlow", Role.AGENT)
    assert raised.status_code == 409
    assert re.search(r"Ada set this at .*: agent\.", raised.text)


def test_what_is_wrong_is_corrected_from_what_was_drawn_first(mara: Looker, bo: Looker, acme: Acme) -> None:
    """Seen to fail with the corrected form drawn from what stood by then: the description was taken back."""
    acme.policy("Support")
    path = f"/policies/{acme.policy_id}"
    drawn = form(mara, path, "description")
    bo.post(path, drawn.changed("description", ("Theirs",)).sent())

    wrong = mara.post(path, drawn.changed("fair_distribution_limit", ("many",)).sent())
    corrected = next(one for one in sheets_on(wrong.text) if "description" in one.controls)
    mara.post(path, corrected.changed("fair_distribution_limit", ("4",)).sent())

    assert wrong.status_code == 422
    assert (policy(acme).description, policy(acme).fair_distribution_limit) == ("Theirs", 4)


@pytest.mark.parametrize("drawn", NONSENSE, ids=range(len(NONSENSE)))
def test_without_values_that_can_be_read_what_is_sent_is_saved(mara: Looker, acme: Acme, drawn: str) -> None:
    acme.policy("Support")
    sheet = form(mara, f"/policies/{acme.policy_id}", "description").changed("name", ("Sent",)).sent()

    answer = mara.post(f"/policies/{acme.policy_id}", {**sheet, "drawn": drawn})

    assert (answer.status_code, policy(acme).name) == (303, "Sent")
