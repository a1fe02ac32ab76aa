"""A dry run writes nothing and tells the truth."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import text

from dashboard.engine.decisions import Reason
from dashboard.engine.policy import ConversationPriority
from dashboard.services.policies import previews
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
