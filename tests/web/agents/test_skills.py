"""Skills on the pages of agents, labels and conversations."""

from sqlalchemy import select

from dashboard.store.models import AccountUser, Label
from tests.desks import Acme
from tests.pages import HTMX, Looker


def skills_of(acme: Acme, name: str) -> list[str]:
    acme.work.session.rollback()
    wanted = select(AccountUser.skills).where(AccountUser.user_id == acme.agents[name])
    return acme.work.session.scalars(wanted).one()


def test_a_skill_is_added_and_an_unticked_one_goes(mara: Looker, acme: Acme) -> None:
    """E58"""
    acme.change_agent("Ana", skills=["French", "Refunds"])
    path = f"/agents/{acme.agents['Ana']}/skills"

    saved = mara.post(path, {"skill": ["French"], "new_skill": "Chess"}, headers=HTMX)

    assert skills_of(acme, "Ana") == ["French", "Chess"]
    assert "The skills of Ana were saved." in saved.text
    assert '<input type="checkbox" name="skill" value="Chess" checked>' in saved.text


def test_a_skill_that_cannot_be_is_refused_beside_its_field(mara: Looker, acme: Acme) -> None:
    """E58"""
    refused = mara.post(f"/agents/{acme.agents['Ana']}/skills", {"new_skill": "x" * 101})

    assert refused.status_code == 422
    assert 'id="problem-skills"' in refused.text
    assert skills_of(acme, "Ana") == []


def test_a_label_requires_a_skill_and_says_when_no_agent_has_it(mara: Looker, acme: Acme) -> None:
    """E58"""
    mara.post("/settings/labels", {"title": "vip"})
    label_id = acme.work.session.scalars(select(Label.id)).one()
    acme.work.session.rollback()
    path = f"/settings/labels/{label_id}"

    mara.post(f"{path}/skill", {"skill": "Diplomacy"})
    assert "Conversations with vip require Diplomacy, which no agent has." in mara.get(path).text
    acme.change_agent("Ana", skills=["diplomacy"])
    mara.post(f"{path}/skill", {"skill": "Diplomacy"})

    text = mara.get(path).text
    assert "require Diplomacy." in text
    assert 'name="skill" value="Diplomacy"' in text
    mara.post(f"{path}/skill", {"skill": ""})
    assert "require no skill." in mara.get(path).text


def test_a_conversation_says_what_it_requires_and_why_it_waits(mara: Looker, acme: Acme) -> None:
    """E58, E48"""
    acme.policy()
    [waiting] = acme.waiting(1, required_skills=["French"], required_keys=["french"])

    text = mara.get(f"/conversations/{waiting}").text

    assert "<dt>requires</dt><dd>French</dd>" in text
    assert "no member of" in text
    assert "lacks french" in text
