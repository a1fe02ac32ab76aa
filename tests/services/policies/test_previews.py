"""A dry run writes nothing and tells the truth."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text, update

from dashboard.engine.decisions import Reason
from dashboard.engine.policy import ConversationPriority
from dashboard.engine.policy_fields import ResponseTargets
from dashboard.services.policies import previews
from dashboard.store.models import Inbox
from dashboard.store.redis import client as redis_client
from tests.desks import NOON, Acme


def preview(acme: Acme, **rules: object):
    policy = previews.current_policy(acme.work, acme.account_id, acme.support)
    found = previews.preview(acme.work, acme.account_id, acme.support, replace(policy, **rules), now=NOON)
    acme.work.session.rollback()
    return found


def test_a_preview_assigns_what_the_run_would(acme: Acme):
    """E50"""
    acme.policy()
    acme.online("Ana", "Bo")
    waiting = acme.waiting(4)

    found = preview(acme, fair_distribution_limit=1)

    assert acme.names(list(found.now.by_conversation.values())) == ["Ana", "Bo", "Ana", "Bo"]
    assert found.then.left_waiting == {Reason.ALL_RATE_LIMITED: 2}
    assert [one.conversation_id for one in found.changed] == waiting[2:]
    assert acme.run().ending.assigned_count == 4


def test_a_preview_of_another_order_tells_which_conversations_change(acme: Acme):
    """E7, E50"""
    acme.policy()
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    [old] = acme.waiting(1, created_at=NOON - timedelta(hours=9), last_activity_at=NOON)
    [silent] = acme.waiting(1, last_activity_at=NOON - timedelta(hours=5))

    found = preview(acme, conversation_priority=ConversationPriority.LONGEST_WAITING)

    assert {one.conversation_id: one.then_agent_id for one in found.changed} == {
        old: None,
        silent: acme.agents["Ana"],
    }


def test_a_preview_writes_nothing_anywhere(acme: Acme):
    """E50"""
    acme.policy(fair_distribution_limit=5)
    acme.online("Ana")
    acme.waiting(3)
    client = redis_client.connect(acme.work.settings.redis_url)

    def state():
        tables = ("conversations", "assignments", "runs", "run_batches", "outbox_events", "audit_entries")
        rows = [acme.work.session.execute(text(f"SELECT * FROM {name} ORDER BY 1")).all() for name in tables]
        acme.work.session.rollback()
        return rows, sorted(client.keys())

    before = state()
    preview(acme, fair_distribution_limit=1)

    assert state() == before


def test_a_preview_of_a_switched_off_policy_gives_nothing(acme: Acme):
    """E1, E50"""
    acme.policy()
    acme.online("Ana")
    acme.waiting(1)

    found = preview(acme, enabled=False)

    assert (found.then.stop, found.then.assigns) == (Reason.POLICY_DISABLED, ())
    assert len(found.changed) == 1


def test_another_accounts_inbox_has_no_preview(acme: Acme):
    """Nothing ever crosses from one account to another."""
    assert previews.current_policy(acme.work, acme.account_id, acme.stranger_inbox_id) is None


TARGETS = {"1": 15, "2": None, "3": None, "4": None, "none": 240}


def first_given(acme: Acme, **rules: object) -> int:
    return (
        preview(acme, conversation_priority=ConversationPriority.SOONEST_DUE, **rules).then.assigns[0].conversation_id
    )


def test_a_preview_orders_by_targets_that_nobody_has_saved(acme: Acme):
    """E50, E54, E55: its own instant counts before any target, and no row is written."""
    acme.policy()
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    [old] = acme.waiting(1, created_at=NOON - timedelta(hours=3))
    [urgent] = acme.waiting(1, priority=1)
    [own] = acme.waiting(1, respond_by=NOON - timedelta(minutes=50))

    assert first_given(acme, response_targets=ResponseTargets(critical=5, without=240)) == urgent
    assert first_given(acme, response_targets=ResponseTargets(critical=15, without=240)) == own
    assert first_given(acme, response_targets=ResponseTargets(critical=15, without=60)) == old


def test_a_preview_of_targets_counts_open_hours_only(acme: Acme):
    """E50, E54, E62: noon is on a Monday; two of the four hours lie on Tuesday."""
    acme.policy()
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    hours = {"timezone": "UTC", "weekly": {d: [["10:00", "14:00"]] for d in ("mon", "tue")}, "holidays": []}
    acme.work.session.execute(update(Inbox).values(business_hours={**hours, "country": None}))
    acme.work.session.commit()
    [waits] = acme.waiting(1, created_at=NOON)
    [own] = acme.waiting(1, respond_by=NOON + timedelta(hours=20))

    assert first_given(acme, response_targets=ResponseTargets(without=120)) == waits
    assert first_given(acme, response_targets=ResponseTargets(without=240)) == own


def test_a_preview_of_the_targets_that_are_saved_reads_the_order_as_it_is_kept(acme: Acme):
    """E50, E54"""
    acme.policy(response_targets=TARGETS, conversation_priority="soonest_due")
    acme.online("Ana")
    acme.waiting(3)

    found = preview(acme, response_targets=ResponseTargets(critical=15, without=240))

    assert found.then == found.now
    assert len(found.then.assigns) == 3
