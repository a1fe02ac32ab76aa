"""The form of a policy has the rule of returns, and the pages show what came of it."""

import re
from datetime import timedelta
from html import unescape

from sqlalchemy import update

from dashboard import clock
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.sentences.policy_text import policy
from dashboard.services.conversations.timed import returns
from dashboard.store.models import Conversation
from tests.desks import Acme
from tests.pages import Looker
from tests.web.policies.test_policies import TYPED

HOUR = timedelta(hours=1)


def test_the_sentence_says_when_a_conversation_comes_back():
    """E64, E65"""
    both = AssignmentPolicy(id=1, name="Fair", return_after=30, return_when_absent=60, return_by_hand_too=True)
    once = AssignmentPolicy(id=1, name="Fair", return_after=1, max_returns=1)

    assert policy(both).endswith(
        "back to somebody else when it is without a reply for 30 minutes or unanswered with its agent away for an hour"
        " (also what people assigned, at most 3 times)."
    )
    assert policy(once).endswith("without a reply for a minute (only what a run assigned, at most once).")


def test_the_form_saves_the_rule_and_an_error_names_its_field(acme: Acme, mara: Looker):
    """E64: a number outside 1 to 10 is refused beside its field, and the section is open."""
    path = f"/policies/{acme.policy()}"
    form = {**TYPED, "inbox": acme.support}

    refused = mara.post(path, {**form, "return_after": "30", "max_returns": "11"})
    saved = mara.post(path, {**form, "return_after": "30", "max_returns": "2", "return_by_hand_too": "on"})
    page = unescape(mara.get(path).text)

    assert refused.status_code == 422
    assert re.search(r'name="max_returns" value="11"[^>]* aria-invalid="true"', refused.text)
    assert saved.status_code == 303
    assert "without a reply for 30 minutes (also what people assigned, at most 2 times)" in page


def test_a_preview_warns_of_what_would_come_back_at_once(acme: Acme, mara: Looker):
    """E64"""
    path = f"/policies/{acme.policy()}"
    acme.online("Ana", at=clock.now())
    acme.held("Ana", 3, assigned_by_engine=True)
    form = {**TYPED, "inbox": acme.support, "return_after": "30"}

    page = unescape(mara.post(f"{path}/preview", form).text)

    assert "3 conversations come back at once in Support: nobody has answered for that long." in page


def test_the_page_of_a_conversation_says_how_often_it_came_back_and_that_it_stays(acme: Acme, mara: Looker):
    """E65"""
    acme.policy(return_after=30, max_returns=1)
    [one] = acme.held("Ana", 1, assigned_by_engine=True)
    returns.return_due(acme.work, now=clock.now())
    acme.online("Bo", at=clock.now())
    acme.run(at=clock.now())
    acme.work.session.execute(update(Conversation).values(assigned_at=clock.now() - HOUR))
    acme.work.session.commit()

    page = unescape(mara.get(f"/conversations/{one}").text)

    assert "<dt>came back</dt><dd>once</dd>" in page
    assert "Released from Ana: no reply" in page
    assert "It came back once, as often as its policy allows, and stays although nobody answers." in page
