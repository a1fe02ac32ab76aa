"""What a supervisor does with one conversation."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from dashboard import clock
from dashboard.engine.model import AssignmentType, Presence, Status
from dashboard.store.models import (
    Account,
    AssignmentPolicy,
    Conversation,
    Inbox,
    InboxCapacityLimit,
    PolicyLink,
)
from tests.counting import statements
from tests.desks import Acme
from tests.pages import HTMX, Looker, waiting_for
from tests.web.agents.test_agents import availability_of


def read(acme: Acme, conversation_id: int) -> Conversation:
    row = acme.work.session.get_one(Conversation, conversation_id, populate_existing=True)
    acme.work.session.rollback()
    return row


def test_it_is_assigned_transferred_and_released_by_hand(mara: Looker, acme: Acme) -> None:
    """E29"""
    [one] = waiting_for(acme, 1, minutes=5)
    path = f"/conversations/{one}"

    answer = mara.post(path, {"agent": "bo"})
    assert (answer.status_code, answer.location, acme.assignees([one])) == (303, path, ["Bo"])
    assert "Bo has it now." in mara.get(path).text
    assert "Cleo has it now." in mara.post(path, {"agent": "Cleo"}, headers=HTMX).text
    said = mara.post(path, {"assignee_id": ""}, headers=HTMX).text

    assert "Released." in said
    assert said.lstrip().startswith('<article id="conversation"')
    assert acme.assignees([one]) == ["-"]


def test_it_is_resolved_snoozed_and_reopened(mara: Looker, acme: Acme) -> None:
    [one] = waiting_for(acme, 1, minutes=5)

    for status in (Status.SNOOZED, Status.OPEN, Status.RESOLVED, Status.OPEN, Status.PENDING):
        assert f'value="{status}">' in mara.get(f"/conversations/{one}").text
        mara.post(f"/conversations/{one}", {"status": status.value})
        assert read(acme, one).status is status


def test_it_is_moved_to_another_inbox(mara: Looker, acme: Acme) -> None:
    """E70"""
    [one] = waiting_for(acme, 1, minutes=5)

    said = mara.post(f"/conversations/{one}", {"inbox_id": acme.sales}, headers=HTMX).text

    assert "Moved to Sales." in said
    assert read(acme, one).inbox_id == acme.sales


def test_its_contact_is_merged_into_another_one_and_the_audit_log_takes_them_apart(mara: Looker, acme: Acme) -> None:
    """E73"""
    kim, old = acme.contact("kim@example.org"), acme.contact("caller-1")
    [one] = waiting_for(acme, 1, minutes=5, contact_id=old)

    said = mara.post(f"/conversations/{one}/contact", {"into": "Kim@example.org"}, headers=HTMX).text
    wrong = mara.post(f"/conversations/{one}/contact", {"into": "nobody"}, headers=HTMX)
    log = mara.get("/audit").text

    assert "1 conversation moved to kim@example.org." in said
    assert (wrong.status_code, "There is no such contact in this account." in wrong.text) == (422, True)
    assert "merged contact <b>caller-1</b> into <b>kim@example.org</b>, 1 conversation followed" in log
    assert "Take caller-1 out again" in log
    assert read(acme, one).contact_id == kim
    entry = re.search(r"/audit/(\d+)/reversal", log)
    assert entry is not None
    mara.post(entry[0], {})
    assert read(acme, one).contact_id == old


def test_it_is_snoozed_until_a_day_and_a_time_of_the_browser_s_zone(mara: Looker, acme: Acme) -> None:
    """E71"""
    [one] = waiting_for(acme, 1, minutes=5)
    path = f"/conversations/{one}"
    mara.client.set_cookie("zone", "Europe/Berlin")

    mara.post(path, {"status": "snoozed", "snoozed_until": "2099-01-02T09:00"})

    assert read(acme, one).snoozed_until == datetime(2099, 1, 2, 8, 0, tzinfo=UTC)
    assert 'until <time datetime="2099-01-02T08:00' in mara.get(path).text


@pytest.mark.parametrize(
    ("typed", "said"), [("soon", "Not a day and a time."), ("2020-01-01T09:00", "This instant has passed.")]
)
def test_a_time_that_ends_no_snooze_is_told_and_kept(mara: Looker, acme: Acme, typed: str, said: str) -> None:
    """E71"""
    [one] = waiting_for(acme, 1, minutes=5)

    answer = mara.post(f"/conversations/{one}", {"status": "snoozed", "snoozed_until": typed}, headers=HTMX)

    assert (answer.status_code, read(acme, one).status) == (422, Status.OPEN)
    assert said in answer.text
    assert f'value="{typed}"' in answer.text


def test_its_labels_and_its_team_are_changed(mara: Looker, acme: Acme) -> None:
    night = acme.team("Night", "Ana")
    [one] = waiting_for(acme, 1, minutes=5, labels=["old"])

    mara.post(f"/conversations/{one}", {"label": ["old", "a, b"], "new_label": " vip "})
    mara.post(f"/conversations/{one}", {"label": ["a, b", "vip"], "new_label": ""})
    mara.post(f"/conversations/{one}", {"team_id": night})

    assert (read(acme, one).labels, read(acme, one).team_id) == (["a, b", "vip"], night)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"new_label": "x" * 101}, "100"),
        ({"agent": ""}, "Type the name of an agent."),
        ({"agent": "o"}, "Several are meant by"),
        ({"status": "x"}, "Must be one of"),
        ({}, ""),
    ],
)
def test_what_makes_no_sense_is_told_in_the_same_form(
    mara: Looker, acme: Acme, given: dict[str, object], said: str
) -> None:
    [one] = waiting_for(acme, 1, minutes=5)

    answer = mara.post(f"/conversations/{one}", given, headers=HTMX)

    assert answer.status_code == 422
    assert said in answer.text
    assert all(str(typed) in answer.text for field, typed in given.items() if field != "status")


def test_agents_and_strangers_change_nothing(mara: Looker, ana: Looker, acme: Acme) -> None:
    [one] = waiting_for(acme, 1, minutes=5)
    acme.inboxes["Elsewhere"] = acme.stranger_inbox_id
    own, acme.account_id = acme.account_id, acme.account_id + 1
    [other] = waiting_for(acme, 1, minutes=1, inbox="Elsewhere")
    acme.account_id = own

    for path in ("", "/fixes"):
        assert ana.post(f"/conversations/{one}{path}", {"status": "resolved"}).status_code == 403
        assert mara.post(f"/conversations/{other}{path}", {"status": "resolved"}).status_code == 404
    assert "<select" not in ana.get(f"/conversations/{one}").text
    assert 'class="fix"' not in ana.get(f"/conversations/{one}").text
    assert read(acme, one).status is Status.OPEN


def capacity(acme: Acme) -> None:
    acme.capacity("Bo", {"Support": 1})
    acme.held("Bo", 1)


def total_capacity(acme: Acme) -> None:
    acme.capacity("Bo", {}, conversation_limit=1)
    acme.held("Bo", 1, "Sales")


def labels(acme: Acme) -> None:
    acme.capacity("Dov", {"Support": 9}, excluded_labels=["vip"])


def age(acme: Acme) -> None:
    acme.capacity("Dov", {"Support": 9}, exclude_older_than_hours=1)


def switched(model: type, **facts: object) -> Callable[[Acme], None]:
    def off(acme: Acme) -> None:
        acme.work.session.execute(update(model).values(**facts))
        acme.work.session.commit()

    return off


def unlinked(acme: Acme) -> None:
    acme.work.session.query(PolicyLink).delete()
    acme.work.session.commit()


def manual(acme: Acme) -> None:
    team = acme.team("Night", "Bo", assignment_type=AssignmentType.MANUAL)
    acme.work.session.execute(update(Conversation).values(team_id=team))
    acme.work.session.commit()


def busy(acme: Acme) -> None:
    acme.change_agent("Bo", availability=Presence.BUSY)


def contact(acme: Acme) -> None:
    switched(AssignmentPolicy, one_agent_per_contact=True)(acme)
    acme.held("Bo", 1)
    switched(Conversation, contact_id=acme.contact("nina"))(acme)


def rate(acme: Acme) -> None:
    switched(AssignmentPolicy, fair_distribution_limit=1)(acme)
    waiting_for(acme, 1, minutes=200)
    acme.run(at=clock.now())


def maximum(acme: Acme) -> None:
    team = acme.team("Night", "Bo", max_auto_assigned_conversations=1)
    switched(Conversation, team_id=team)(acme)
    acme.held("Bo", 1)


@pytest.mark.parametrize(
    ("stuck", "fix"),
    [
        (capacity, "Raise Bo's limit in Support from 1 to 2"),
        (total_capacity, "Raise Bo's limit over all inboxes from 1 to 2"),
        (labels, "Remove label vip"),
        (age, "Raise the age limit of Limits of Dov from 1 to 3 hours"),
        (switched(Account, assignment_v2=False), "Switch on assignment for the account"),
        (switched(Inbox, enable_auto_assignment=False), "Switch on assignment for Support"),
        (switched(AssignmentPolicy, enabled=False), "Enable the policy"),
        (unlinked, "Link an assignment policy to Support"),
        (manual, "Assign the conversations of Night in turn"),
        (busy, "Set Bo online"),
        (contact, "Let Policy 0 assign several conversations of one contact"),
        (rate, "Raise the fair-distribution limit of Policy 0 from 1 to 2"),
        (maximum, "Raise the maximum of Night from 1 to 2"),
    ],
)
def test_pressing_a_fix_assigns_the_conversation(mara: Looker, acme: Acme, stuck: object, fix: str) -> None:
    """E48"""
    acme.policy("Support")
    acme.online("Bo", at=clock.now())
    [one] = acme.waiting(1, created_at=clock.now() - timedelta(minutes=150), labels=["vip"])
    stuck(acme)  # type: ignore[operator]

    offered = [
        part.split('"')[0].replace("&#39;", "'")
        for part in mara.get(f"/conversations/{one}").text.split('name="fix" value="')[1:]
    ]
    [pressed] = [sentence for sentence in offered if sentence.startswith(fix)]
    said = mara.post(f"/conversations/{one}/fixes", {"fix": pressed}, headers=HTMX).text

    assert "Bo has it now." in said
    assert acme.assignees([one]) == ["Bo"]


def test_pressing_a_fix_writes_the_number_that_it_shows(mara: Looker, acme: Acme) -> None:
    """E48"""
    acme.policy("Support")
    acme.online("Bo", "Cleo", at=clock.now())
    shared = acme.capacity("Bo", {"Support": 1})
    acme.change_agent("Cleo", agent_capacity_policy_id=shared)
    acme.held("Bo", 1)
    acme.held("Cleo", 1)
    waiting = acme.waiting(3, created_at=clock.now() - timedelta(minutes=150))
    fix = "Raise the limit of Limits of Bo (Bo and 1 other) in Support from 1 to 3"

    shown = mara.get(f"/conversations/{waiting[-1]}").text
    mara.post(f"/conversations/{waiting[-1]}/fixes", {"fix": fix}, headers=HTMX)

    assert f'name="fix" value="{fix}"' in shown
    assert "-" not in acme.assignees(waiting)
    assert acme.work.session.scalars(select(InboxCapacityLimit.conversation_limit)).all() == [3]


def test_whoever_is_not_there_is_not_set_online_by_a_button(mara: Looker, acme: Acme) -> None:
    """E37"""
    acme.policy("Support")
    [one] = waiting_for(acme, 1, minutes=5)

    page = mara.get(f"/conversations/{one}").text
    answer = mara.post(f"/conversations/{one}/fixes", {"fix": "Set Ana online"})

    assert "Ana must be there first: nothing has been heard from them." in page
    assert 'class="fix"' not in page
    assert answer.status_code == 422
    assert availability_of(acme, "Ana") is Presence.ONLINE


def test_a_fix_that_would_no_longer_assign_it_is_not_done(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    acme.online("Bo", at=clock.now())
    capacity(acme)
    [one] = waiting_for(acme, 1, minutes=5)
    mara.post(f"/conversations/{one}", {"status": "snoozed"})

    answer = mara.post(f"/conversations/{one}/fixes", {"fix": "Raise Bo's limit in Support from 1 to 2"}, headers=HTMX)

    assert answer.status_code == 422
    assert "This would no longer assign it" in answer.text


def test_its_number_of_queries_does_not_grow(mara: Looker, acme: Acme) -> None:
    acme.policy("Support")
    acme.online("Bo", at=clock.now())
    capacity(acme)
    [one] = waiting_for(acme, 1, minutes=500)

    def asked() -> int:
        with statements(mara.session()) as seen:
            assert mara.get(f"/conversations/{one}").status_code == 200
        return len(seen)

    before = asked()
    waiting_for(acme, 60, minutes=9)

    assert asked() == before
