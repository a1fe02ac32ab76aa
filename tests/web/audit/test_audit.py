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
from dashboard.services.policies import assignment_policies, capacity_limits
from dashboard.services.policies.capacity_limits import LimitKey
from dashboard.services.policies.policy_forms import AgentChoice, AssignmentPolicyEdit, InboxLimitEdit, PolicyChoice
from dashboard.store.models import AssignmentPolicy, AuditEntry, CapacityPolicy, InboxCapacityLimit
from tests.counting import statements
from tests.desks import NOON, Acme
from tests.pages import Looker, hire, looking

TAGS = re.compile(r"<[^>]+>")


def words(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(TAGS.sub(" ", page)).split())


def by(mara: Looker) -> dict[str, object]:
    return {"actor_id": mara.user_id, "now": clock.now()}


def edit(acme: Acme, mara: Looker, policy_id: int, **changes: object) -> None:
    done = acme.work.finished(
        assignment_policies.change(acme.work, acme.account_id, policy_id, AssignmentPolicyEdit(**changes), **by(mara))
    )
    assert done


def last_entry(acme: Acme) -> int:
    acme.work.session.rollback()
    return acme.work.session.scalars(select(AuditEntry.id).order_by(AuditEntry.id.desc())).first() or 0


def policy(acme: Acme, policy_id: int) -> AssignmentPolicy:
    acme.work.session.rollback()
    return acme.work.session.get_one(AssignmentPolicy, policy_id, populate_existing=True)


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
    acme.work.finished(
        assignment_policies.link(
            acme.work, acme.account_id, acme.support, PolicyChoice(assignment_policy_id=acme.policy_id), **by(mara)
        )
    )


def put_under(acme: Acme, mara: Looker) -> None:
    made = acme.work.session.scalars(select(CapacityPolicy.id)).one()
    choice = AgentChoice(user_id=acme.agents["Bo"])
    acme.work.finished(capacity_limits.assign_policy(acme.work, acme.account_id, made, choice, **by(mara)))


def raise_limit(acme: Acme, mara: Looker) -> None:
    row = acme.work.session.scalars(select(InboxCapacityLimit)).one()
    key = LimitKey(policy_id=row.agent_capacity_policy_id, limit_id=row.id)
    acme.work.finished(
        capacity_limits.change(acme.work, acme.account_id, key, InboxLimitEdit(conversation_limit=3), **by(mara))
    )


def delete_policy(acme: Acme, mara: Looker) -> None:
    link(acme, mara)
    acme.work.finished(assignment_policies.remove(acme.work, acme.account_id, acme.policy_id, **by(mara)))


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
        (post("/settings/labels", title="vip"), "Mara created label vip"),
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
    acme.work.finished(
        assignment_policies.create(
            acme.work, acme.account_id, AssignmentPolicyEdit(name="of-command"), actor_id=None, now=NOON
        )
    )

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


@pytest.mark.parametrize(
    ("zone", "is_found", "said"),
    [
        ("Asia/Tokyo", False, "midnight, Asia/Tokyo"),
        ("America/New_York", True, "midnight, America/New_York"),
        ("../../etc/passwd", True, "midnight, UTC"),
        ("America", True, "midnight, UTC"),
    ],
)
def test_a_day_is_that_of_the_browsers_time_zone(
    mara: Looker, acme: Acme, *, zone: str, is_found: bool, said: str
) -> None:
    late = NOON.replace(hour=20)
    acme.work.finished(
        assignment_policies.create(
            acme.work, acme.account_id, AssignmentPolicyEdit(name="Evening"), actor_id=None, now=late
        )
    )
    mara.client.set_cookie("zone", zone)

    page = mara.get("/audit", query_string={"last_day": late.date()}).text

    assert ("Evening" in page) is is_found
    assert f"The day ends at {said}" in page


@pytest.mark.parametrize(
    "asked", ["who=x", "what=x", "first_day=x", "last_day=9999-12-31", "first_day=0001-01-01", "before=x", "which=-1"]
)
def test_what_makes_no_sense_narrows_nothing(mara: Looker, asked: str) -> None:
    mara.post("/settings/labels", {"title": "vip"})

    answer = mara.get(f"/audit?{asked}")

    assert (answer.status_code, "vip" in answer.text) == (200, True)


def test_agents_and_strangers_see_and_undo_nothing(mara: Looker, ana: Looker, acme: Acme, app: Flask) -> None:
    policy_id = acme.policy("Support")
    edit(acme, mara, policy_id, name="Secret", enabled=False)
    path = f"/audit/{last_entry(acme)}/reversal"
    stranger = looking(app, acme.account_id + 1, hire(acme.work, acme.account_id + 1, "Sol", Role.SUPERVISOR))

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
