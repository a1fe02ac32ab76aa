"""The audit log: who changed what in words, narrowed and paged, and undoing a change of a policy."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from dashboard import clock
from dashboard.engine.model import Role
from dashboard.services import capacity, capacity_limits, policies
from dashboard.services.capacity_limits import LimitKey
from dashboard.services.forms.policies import (
    AgentChoice,
    AssignmentPolicyEdit,
    CapacityPolicyEdit,
    Exclusions,
    InboxLimitEdit,
    PolicyChoice,
)
from dashboard.store.models import AssignmentPolicy, AuditEntry, CapacityPolicy, InboxCapacityLimit
from tests.counting import statements
from tests.desks import NOON, Acme
from tests.pages import HTMX, AtOnce, Looker, hire, looking, waiting_for

TAGS = re.compile(r"<[^>]+>")


def words(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(TAGS.sub(" ", page)).split())


def by(mara: Looker) -> dict[str, object]:
    return {"actor_id": mara.user_id, "now": clock.now()}


def edit(acme: Acme, mara: Looker, policy_id: int, **changes: object) -> None:
    done = policies.change(acme.desk, acme.account_id, policy_id, AssignmentPolicyEdit(**changes), **by(mara))
    assert done


def last_entry(acme: Acme) -> int:
    acme.desk.session.rollback()
    return acme.desk.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc())).first() or 0


def policy(acme: Acme, policy_id: int) -> AssignmentPolicy:
    acme.desk.session.rollback()
    return acme.desk.session.get_one(AssignmentPolicy, policy_id, populate_existing=True)


def test_a_change_is_told_in_words_with_each_field_before_and_after(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", name="In turn", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5, fair_distribution_window=5_400, enabled=False)

    page = mara.get("/audit").text

    assert f'<b>Mara</b> changed assignment policy <a href="/policies/{policy_id}">In turn</a>' in page
    said = words(page)
    assert "fair distribution at most 10 per agent → at most 5 per agent" in said
    assert "window 1 hour → 90 minutes" in said
    assert "enabled on → off" in said
    assert "version" not in said
    assert "{" not in said


def link(acme: Acme, mara: Looker) -> None:
    policies.link(
        acme.desk, acme.account_id, acme.support, PolicyChoice(assignment_policy_id=acme.policy_id), **by(mara)
    )


def put_under(acme: Acme, mara: Looker) -> None:
    made = acme.desk.session.scalars(select(CapacityPolicy.id)).one()
    choice = AgentChoice(user_id=acme.agents["Bo"])
    capacity_limits.put_under(acme.desk, acme.account_id, made, choice, **by(mara))


def raise_limit(acme: Acme, mara: Looker) -> None:
    row = acme.desk.session.scalars(select(InboxCapacityLimit)).one()
    key = LimitKey(policy_id=row.agent_capacity_policy_id, limit_id=row.id)
    capacity_limits.change(acme.desk, acme.account_id, key, InboxLimitEdit(conversation_limit=3), **by(mara))


def delete_policy(acme: Acme, mara: Looker) -> None:
    link(acme, mara)
    policies.remove(acme.desk, acme.account_id, acme.policy_id, **by(mara))


def post(path: str, **typed: str) -> Callable[[Acme, Looker], None]:
    return lambda acme, mara: mara.post(path.format(support=acme.support, sales=acme.sales), typed) and None


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (link, "Mara linked Rules to inbox Support"),
        (delete_policy, "Mara unlinked Rules from inbox Support"),
        (put_under, "Mara put Bo under capacity policy Limits of Ana"),
        (raise_limit, "Mara set a limit of 3 instead of 2 for inbox Support in capacity policy Limits of Ana"),
        (post("/inboxes/{sales}/members", way="add", user_id="3"), "Mara added Cleo to inbox Sales"),
        (post("/inboxes/{sales}/members", way="remove", user_id="1"), "Mara removed Ana from inbox Sales"),
        (post("/inboxes/{sales}/switches", switch="inbox"), "Mara changed inbox Sales assignment on → off"),
        (post("/settings/assignment", on=""), "Mara changed account Acme assignment on → off"),
        (post("/settings/labels", title="vip"), "Mara made label vip"),
    ],
)
def test_who_did_what_to_what_is_told_by_names(mara: Looker, acme: Acme, act: Callable[..., None], said: str) -> None:
    acme.policy("Sales", name="Rules")
    acme.capacity("Ana", {"Support": 2})

    act(acme, mara)

    assert said in words(mara.get("/audit").text)


def test_what_was_deleted_keeps_its_name_and_leads_nowhere(mara: Looker, acme: Acme) -> None:
    acme.policy("Sales", name="Rules")
    link(acme, mara)
    delete_policy(acme, mara)

    page = mara.get("/audit").text

    assert "deleted assignment policy <b>Rules</b>" in page
    assert "linked <b>Rules</b> to inbox" in page
    assert f'href="/policies/{acme.policy_id}"' not in page


def test_the_log_is_narrowed_by_who_what_and_when(mara: Looker, uma: Looker, acme: Acme) -> None:
    mara.post("/settings/labels", {"title": "of-mara"})
    uma.post("/settings/labels", {"title": "of-uma"})
    policies.create(acme.desk, acme.account_id, AssignmentPolicyEdit(name="of-command"), actor_id=None, now=NOON)

    def found(**asked: object) -> list[str]:
        said = mara.get("/audit", query_string=asked).text
        return [one for one in ("of-mara", "of-uma", "of-command") if one in said]

    assert found() == ["of-mara", "of-uma", "of-command"]
    assert found(who=uma.user_id) == ["of-uma"]
    assert found(who="none") == ["of-command"]
    assert found(what="label") == ["of-mara", "of-uma"]
    assert found(what="label", which=1) == ["of-mara"]
    assert found(first_day=NOON.date(), last_day=NOON.date()) == ["of-command"]
    assert found(first_day=(NOON + timedelta(days=1)).date()) == ["of-mara", "of-uma"]
    assert found(who=999) == []
    assert "No change fits." in mara.get("/audit?who=999").text


@pytest.mark.parametrize("asked", ["who=x", "what=x", "first_day=x", "last_day=9999-12-31", "before=x", "which=-1"])
def test_what_makes_no_sense_narrows_nothing(mara: Looker, asked: str) -> None:
    mara.post("/settings/labels", {"title": "vip"})

    answer = mara.get(f"/audit?{asked}")

    assert (answer.status_code, "vip" in answer.text) == (200, True)


def test_undoing_says_what_it_does_sets_the_fields_back_and_is_a_change_itself(
    mara: Looker, acme: Acme, worker: AtOnce
) -> None:
    """E30"""
    policy_id = acme.policy("Support", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5, enabled=False)
    waiting_for(acme, 1, minutes=1)

    page = words(mara.get("/audit").text)
    answer = mara.post(f"/audit/{last_entry(acme)}/reversal")

    assert "Undo Set fair distribution back to at most 10 per agent, enabled back to on" in page
    assert (answer.status_code, answer.location) == (303, "/audit")
    assert (policy(acme, policy_id).fair_distribution_limit, policy(acme, policy_id).enabled) == (10, True)
    assert policy(acme, policy_id).version == 3
    assert [inbox_id for _, inbox_id, _ in worker.runs] == [acme.support]
    after = words(mara.get("/audit").text)
    assert "fair distribution at most 5 per agent → at most 10 per agent" in after
    assert "Set back already" in after


def test_undoing_leaves_alone_what_that_change_did_not_change(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5)
    entry_id = last_entry(acme)
    edit(acme, mara, policy_id, one_agent_per_contact=True)

    answer = mara.post(f"/audit/{entry_id}/reversal", headers=HTMX)

    assert answer.status_code == 200
    assert "It is undone." in answer.text
    found = policy(acme, policy_id)
    assert (found.fair_distribution_limit, found.one_agent_per_contact) == (10, True)


def test_what_was_changed_since_is_not_undone_and_the_page_says_so(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", fair_distribution_limit=10)
    edit(acme, mara, policy_id, fair_distribution_limit=5, enabled=False)
    entry_id = last_entry(acme)
    edit(acme, mara, policy_id, fair_distribution_limit=7)

    page = mara.get("/audit").text
    answer = mara.post(f"/audit/{entry_id}/reversal")

    assert f"/audit/{entry_id}/reversal" not in page
    assert "Changed again since" in page
    assert answer.status_code == 409
    assert "Somebody has changed it since: fair distribution. Nothing was changed." in answer.text
    assert (policy(acme, policy_id).fair_distribution_limit, policy(acme, policy_id).enabled) == (7, False)


def test_undoing_twice_changes_nothing_more(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", enabled=True)
    edit(acme, mara, policy_id, enabled=False)
    entry_id = last_entry(acme)

    first, second = (mara.post(f"/audit/{entry_id}/reversal").status_code for _ in range(2))

    assert (first, second) == (303, 409)
    assert last_entry(acme) == entry_id + 1


def test_a_policy_that_is_gone_is_not_brought_back(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support")
    edit(acme, mara, policy_id, enabled=False)
    entry_id = last_entry(acme)
    policies.remove(acme.desk, acme.account_id, policy_id, **by(mara))

    answer = mara.post(f"/audit/{entry_id}/reversal")

    assert answer.status_code == 409
    assert "It has been deleted since" in answer.text


def test_a_name_that_somebody_else_took_is_not_given_back(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support", name="Old")
    edit(acme, mara, policy_id, name="New")
    entry_id = last_entry(acme)
    acme.policy("Sales", name="Old")

    answer = mara.post(f"/audit/{entry_id}/reversal")

    assert answer.status_code == 409
    assert "This is taken. Nothing was changed." in answer.text


def test_a_capacity_policys_rules_and_a_limit_are_set_back(mara: Looker, acme: Acme) -> None:
    policy_id = acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"], exclude_older_than_hours=48)
    rules = Exclusions(excluded_labels=("bug", "vip"), exclude_older_than_hours=48)
    change = CapacityPolicyEdit(exclusion_rules=rules, conversation_limit=9)
    capacity.change(acme.desk, acme.account_id, policy_id, change, **by(mara))
    of_policy = last_entry(acme)
    raise_limit(acme, mara)
    of_limit = last_entry(acme)

    codes = [mara.post(f"/audit/{entry_id}/reversal").status_code for entry_id in (of_policy, of_limit)]

    assert codes == [303, 303]
    acme.desk.session.rollback()
    found = capacity.show(acme.desk, acme.account_id, policy_id)
    assert found
    assert found.exclusion_rules == Exclusions(excluded_labels=("vip",), exclude_older_than_hours=48)
    assert found.conversation_limit is None
    assert [row.conversation_limit for row in found.inbox_capacity_limits] == [2]


def test_a_link_is_set_back_and_a_first_link_is_taken_away(mara: Looker, acme: Acme) -> None:
    """E3"""
    before = acme.policy("Support", name="Before")
    acme.policy("Sales", name="Rules")
    link(acme, mara)

    assert "Undo Link Before to Support" in words(mara.get("/audit").text)
    mara.post(f"/audit/{last_entry(acme)}/reversal")
    found = policies.of_inbox(acme.desk, acme.account_id, acme.support)
    assert found
    assert found.id == before
    policies.unlink(acme.desk, acme.account_id, acme.support, **by(mara))
    link(acme, mara)
    assert "Undo Unlink it from Support" in words(mara.get("/audit").text)
    mara.post(f"/audit/{last_entry(acme)}/reversal")

    assert policies.of_inbox(acme.desk, acme.account_id, acme.support) is None


def test_what_is_no_change_of_a_policy_offers_no_undo(mara: Looker, acme: Acme) -> None:
    mara.post("/settings/labels", {"title": "vip"})

    assert "Undo" not in mara.get("/audit").text
    assert mara.post(f"/audit/{last_entry(acme)}/reversal").status_code == 404


def test_agents_and_strangers_see_and_undo_nothing(mara: Looker, ana: Looker, acme: Acme, app: Flask) -> None:
    policy_id = acme.policy("Support")
    edit(acme, mara, policy_id, name="Secret", enabled=False)
    path = f"/audit/{last_entry(acme)}/reversal"
    stranger = looking(app, acme.account_id + 1, hire(acme.desk, acme.account_id + 1, "Sol", Role.SUPERVISOR))

    assert (ana.get("/audit").status_code, ana.post(path).status_code) == (403, 403)
    assert stranger.post(path).status_code == 404
    assert "Secret" not in stranger.get("/audit").text
    assert "Nothing was changed yet." in stranger.get("/audit").text
    assert policy(acme, policy_id).enabled is False


def test_the_log_is_read_page_by_page_with_as_many_queries(mara: Looker, acme: Acme) -> None:
    policy_id = acme.policy("Support")
    link(acme, mara)
    edit(acme, mara, policy_id, enabled=False)

    def asked() -> int:
        with statements(mara.session()) as seen:
            assert mara.get("/audit").status_code == 200
        return len(seen)

    before = asked()
    for number in range(70):
        edit(acme, mara, policy_id, fair_distribution_limit=number + 1)

    assert asked() == before
    ids: list[Sequence[str]] = []
    path: str | None = "/audit"
    while path:
        page = mara.get(path).text
        ids.append(re.findall(r'id="entry-(\d+)"', page))
        older = re.search(r'href="([^"]+)" rel="next"', page)
        path = unescape(older[1]) if older else None
    assert [len(part) for part in ids] == [50, 21]
    assert len({one for part in ids for one in part}) == 71
