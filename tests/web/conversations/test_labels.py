"""Labels: suggested, renamed wherever they are, and suggested no longer."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from sqlalchemy import event, select

from dashboard.services.conversations import labels
from dashboard.services.inboxes.inbox_forms import NewLabel
from dashboard.store.models import AuditEntry, CapacityPolicy, Conversation, Label, OutboxEvent
from tests.desks import NOON, Acme
from tests.pages import AtOnce, Looker, waiting_for
from tests.services.agents.test_agents_races import own_desk
from tests.services.core.test_together import cut_at
from tests.web.audit.test_audit import last_entry, words


def suggest(acme: Acme, *titles: str) -> None:
    for title in titles:
        acme.work.finished(labels.create(acme.work, acme.account_id, NewLabel(title=title), actor_id=None, now=NOON))


def titles(acme: Acme) -> list[str]:
    acme.work.session.rollback()
    return [row.title for row in acme.work.session.query(Label).order_by(Label.id)]


def carried(acme: Acme, *ids: int) -> list[list[str]]:
    acme.work.session.rollback()
    wanted = select(Conversation.labels).where(Conversation.id.in_(ids)).order_by(Conversation.id)
    return [list(found) for found in acme.work.session.scalars(wanted)]


def excluded(acme: Acme, policy_id: int) -> list[str]:
    acme.work.session.rollback()
    return list(acme.work.session.get_one(CapacityPolicy, policy_id, populate_existing=True).excluded_labels)


@contextmanager
def renamed_under_a_batch(acme: Acme) -> Iterator[None]:
    """Let somebody rename the first label after a batch has read the rules, before it reads the conversations."""

    def rename() -> None:
        with own_desk(acme) as work:
            work.finished(
                labels.change(work, acme.account_id, 1, NewLabel(title="key account"), actor_id=None, now=NOON)
            )

    def look(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "SKIP LOCKED" in statement and not meanwhile.ident:
            meanwhile.start()
            meanwhile.join(timeout=0.5)

    meanwhile, engine = Thread(target=rename), acme.work.session.get_bind().engine
    event.listen(engine, "before_cursor_execute", look)
    yield
    event.remove(engine, "before_cursor_execute", look)
    meanwhile.join()


def test_a_label_tells_how_many_carry_it_and_which_rules_name_it(mara: Looker, acme: Acme) -> None:
    suggest(acme, "vip", "bug")
    policy_id = acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"])
    waiting_for(acme, 3, minutes=1, labels=["vip", "other"])
    acme.held("Ana", 1, labels=["vip"])

    for path in ("/settings/labels", "/settings/labels/1"):
        text = mara.get(path).text
        assert 'href="/conversations?status=open&amp;label=vip">4</a>' in text
        assert f'<a href="/capacity/{policy_id}">Limits of Ana</a>' in text


def test_a_label_is_suggested_once(mara: Looker, acme: Acme) -> None:
    assert mara.post("/settings/labels", {"title": " vip "}).status_code == 303
    again = mara.post("/settings/labels", {"title": "vip"})

    assert (again.status_code, titles(acme)) == (422, ["vip"])
    assert 'value="vip"' in again.text


def test_deleting_a_label_says_in_numbers_what_keeps_it_and_asks_first(mara: Looker, acme: Acme) -> None:
    suggest(acme, "vip")
    policy_id = acme.capacity("Ana", {"Support": 2}, excluded_labels=["vip"])
    ids = waiting_for(acme, 3, minutes=1, labels=["vip"])

    page = words(mara.get("/settings/labels/1").text)
    gone = mara.post("/settings/labels/1/deletion")

    assert "carries it follows, 3 of them open, and so does 1 capacity policy that names it." in page
    assert "3 open conversations carry it, and keep it. 1 capacity policy names it, and still excludes" in page
    assert 'action="/settings/labels/1/deletion"' not in mara.get("/settings/labels").text
    assert (gone.status_code, titles(acme)) == (303, [])
    assert (carried(acme, *ids), excluded(acme, policy_id)) == ([["vip"]] * 3, ["vip"])


def test_conversations_and_rules_follow_a_label_that_is_renamed(mara: Looker, acme: Acme, worker: AtOnce) -> None:
    """E6"""
    suggest(acme, "vip")
    policy_id = acme.capacity("Ana", {"Support": 2}, excluded_labels=["bug", "vip"], exclude_older_than_hours=9)
    followed = [
        *waiting_for(acme, 1, minutes=1, labels=["vip", "bug"]),
        *acme.held("Ana", 1, labels=["key account", "vip"]),
        *acme.held("Bo", 1, labels=["vip"], status="resolved", resolved_at=NOON),
    ]
    [left] = waiting_for(acme, 1, minutes=1, labels=["VIP"])

    answer = mara.post("/settings/labels/1", {"title": " key account "})

    assert (answer.status_code, answer.location) == (303, "/settings/labels/1")
    assert carried(acme, *followed, left) == [["key account", "bug"], ["key account"], ["key account"], ["VIP"]]
    assert excluded(acme, policy_id) == ["bug", "key account"]
    assert acme.work.session.get_one(CapacityPolicy, policy_id).exclude_older_than_hours == 9
    told = acme.work.session.execute(select(OutboxEvent.event, OutboxEvent.conversation_id)).all()
    assert [tuple(row) for row in told] == [("conversation_updated", one) for one in sorted(followed)]
    assert worker.runs == []


@pytest.mark.parametrize(("title", "said"), [("bug", "This is taken."), ("  ", "Shorter than"), ("x" * 101, "Longer")])
def test_a_name_that_is_refused_changes_nothing_and_stays_in_its_field(
    mara: Looker, acme: Acme, title: str, said: str
) -> None:
    suggest(acme, "vip", "bug")
    [one] = waiting_for(acme, 1, minutes=1, labels=["vip"])

    answer = mara.post("/settings/labels/1", {"title": title})

    assert answer.status_code == 422
    assert 'aria-describedby="wrong-title"' in answer.text
    assert f'value="{title}"' in answer.text
    assert (titles(acme), carried(acme, one)) == (["vip", "bug"], [["vip"]])


def test_the_audit_log_has_both_and_a_rename_is_undone(mara: Looker, acme: Acme) -> None:
    suggest(acme, "vip")
    [one] = waiting_for(acme, 1, minutes=1, labels=["vip"])
    mara.post("/settings/labels/1", {"title": "key account"})

    page = words(mara.get("/audit").text)
    answer = mara.post(f"/audit/{last_entry(acme)}/reversal")

    assert "changed label key account" in page
    assert "Set title back to vip" in page
    assert answer.status_code == 303
    assert (titles(acme), carried(acme, one)) == (["vip"], [["vip"]])
    mara.post("/settings/labels/1/deletion")
    assert "deleted label vip" in words(mara.get("/audit").text)


def test_what_is_excluded_stays_excluded_while_a_label_is_renamed_under_a_batch(acme: Acme) -> None:
    """E5, E6. Seen to fail with the inboxes' locks taken out of services/labels.py."""
    acme.policy("Support")
    acme.capacity("Ana", {"Support": 9}, excluded_labels=["vip"])
    acme.online("Ana")
    suggest(acme, "vip")
    ids = acme.waiting(1, labels=["vip"])

    with renamed_under_a_batch(acme):
        acme.run()

    assert carried(acme, *ids) == [["key account"]]
    assert acme.assignees(ids) == ["-"]


def test_a_rename_that_is_cut_short_leaves_all_as_it_was(acme: Acme) -> None:
    suggest(acme, "vip")
    policy_id = acme.capacity("Ana", {"Support": 9}, excluded_labels=["vip"])
    ids = acme.waiting(1, labels=["vip"])
    entries = acme.work.session.query(AuditEntry).count()

    with cut_at(acme, "UPDATE conversations"):
        acme.work.finished(
            labels.change(acme.work, acme.account_id, 1, NewLabel(title="key account"), actor_id=None, now=NOON)
        )

    assert (titles(acme), carried(acme, *ids), excluded(acme, policy_id)) == (["vip"], [["vip"]], ["vip"])
    assert acme.work.session.query(AuditEntry).count() == entries
