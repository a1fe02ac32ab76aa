"""Shadow inboxes: the runs decide as if, write nothing to conversations, and are compared with what people do."""

from datetime import timedelta

from sqlalchemy import func, select, update

from dashboard.engine.decisions import Outcome, Reason
from dashboard.engine.model import ConnectionMode
from dashboard.services.explanations import conversation, waiting_list
from dashboard.store.conversations import list_page
from dashboard.store.conversations.list_page import ConversationListFilter
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks import shadow_decisions
from dashboard.store.helpdesks.shadow_decisions import ShadowShare
from dashboard.store.models import Assignment, Conversation, OutboxEvent, RunBatch, ShadowDecision
from dashboard.store.postgres import database
from dashboard.store.redis.rotation import RotationKey
from tests.connected import Connected, connect
from tests.desks import NOON, Acme, Recorded

MINUTE = timedelta(minutes=1)


def in_shadow(acme: Acme, **rules: object) -> Connected:
    acme.policy(**rules)
    acme.online("Ana", "Bo")
    return connect(acme, mode=ConnectionMode.SHADOW)


def decided(acme: Acme) -> list[tuple[int, str]]:
    """Return the open decisions with the names, by conversation."""
    found = sorted(shadow_decisions.open_in(acme.work.session, acme.support).items())
    acme.work.session.rollback()
    return [(conversation_id, acme.names([agent_id])[0]) for conversation_id, agent_id in found]


def run_again(acme: Acme, at=NOON) -> None:
    acme.online("Ana", "Bo", at=at)
    acme.run(at=at)


def take(acme: Acme, conversation_id: int, at, *, name: str | None = None, agent: str | None = None) -> None:
    taken_by_id = acme.agents[agent] if agent else None
    shadow_decisions.close(acme.work.session, conversation_id, at=at, taken_by_id=taken_by_id, taken_by=name or agent)
    acme.work.session.commit()


def test_a_shadow_run_keeps_its_decisions_and_writes_nothing_else(acme: Acme, queue: Recorded):
    """C19"""
    desk = in_shadow(acme)
    ids = desk.waiting(4)

    ending = acme.run().ending

    assert decided(acme) == list(zip(ids, ["Ana", "Bo", "Ana", "Bo"], strict=True))
    assert acme.assignees(ids) == ["-"] * 4
    assert (ending.outcome, ending.reason, ending.assigned_count) == (Outcome.STOP, Reason.SHADOW, 0)
    assert (ending.waiting_before, ending.left_waiting) == (4, {Reason.SHADOW: 4})
    for table in (Assignment, OutboxEvent, RunBatch):
        assert acme.work.session.scalar(select(func.count()).select_from(table)) == 0
    assert (desk.writes(), queue.writes, queue.wakeups) == ([], [], [])


def test_real_loads_and_the_runs_own_decisions_count(acme: Acme):
    """C19, E15"""
    desk = in_shadow(acme)
    acme.capacity("Ana", {"Support": 2})
    acme.capacity("Bo", {"Support": 2})
    desk.held("Ana", 1)
    ids = desk.waiting(5)

    ending = acme.run().ending

    assert [name for _, name in decided(acme)] == ["Ana", "Bo", "Bo"]
    assert ending.left_waiting == {Reason.SHADOW: 3, Reason.ALL_AT_CAPACITY: 2}
    assert [one for one, _ in decided(acme)] == ids[:3]


def test_a_decision_stands_with_its_instant_while_its_agent_may_take_it(acme: Acme):
    """C19"""
    desk = in_shadow(acme)
    desk.waiting(3)

    run_again(acme)
    first = decided(acme)
    run_again(acme, NOON + MINUTE)

    assert decided(acme) == first
    assert set(acme.work.session.scalars(select(ShadowDecision.at))) == {NOON}


def test_a_decision_moves_with_a_new_instant_when_its_agent_may_not_take_it_any_more(acme: Acme):
    """C19"""
    desk = in_shadow(acme)
    [first, second] = desk.waiting(2)
    run_again(acme)
    acme.change_agent("Ana", availability="offline")

    run_again(acme, NOON + MINUTE)

    rows = acme.work.session.execute(select(ShadowDecision.conversation_id, ShadowDecision.agent_id, ShadowDecision.at))
    assert {tuple(row) for row in rows} == {
        (first, acme.agents["Bo"], NOON + MINUTE),
        (second, acme.agents["Bo"], NOON),
    }


def test_turns_are_spent_by_first_decisions_alone_so_that_the_spread_is_fair(acme: Acme):
    """C19, E19"""
    desk = in_shadow(acme)

    for number in range(6):
        desk.waiting(1, created_at=NOON - MINUTE + timedelta(seconds=number))
        run_again(acme)

    assert [name for _, name in decided(acme)] == ["Ana", "Bo"] * 3


def test_a_held_conversation_is_not_decided_in_shadow_either_and_the_next_run_comes(acme: Acme, queue: Recorded):
    """C11, C19"""
    desk = in_shadow(acme)
    desk.hold(desk.waiting(1), NOON + timedelta(seconds=3))

    ending = acme.run().ending

    assert decided(acme) == []
    assert ending.left_waiting == {Reason.SETTLING: 1}
    assert queue.wakeups == [(acme.account_id, acme.support, NOON + timedelta(seconds=3))]


def test_an_inbox_chosen_later_is_not_decided_in_shadow_before_everything_was_read_of_it(acme: Acme):
    """C6, C19: half of the list, and half of everybody's load, give wrong figures.

    Seen to fail without the condition in the inbox's reading: both were decided.
    """
    desk = in_shadow(acme)
    ids = desk.waiting(2)
    desk.change_inbox(unread_since=NOON)

    ending = acme.run().ending

    assert (ending.outcome, ending.reason) == (Outcome.STOP, Reason.HELPDESK_UNREACHABLE)
    assert decided(acme) == []
    desk.change_inbox(unread_since=None)
    acme.run()
    assert [one for one, _ in decided(acme)] == ids


def test_a_taken_one_is_closed_with_who_took_it_and_may_be_decided_anew(acme: Acme):
    """C19"""
    desk = in_shadow(acme)
    [one] = desk.waiting(1)
    run_again(acme)

    take(acme, one, NOON + MINUTE, agent="Bo")
    run_again(acme, NOON + 2 * MINUTE)

    rows = acme.work.session.execute(
        select(ShadowDecision.taken_by_id, ShadowDecision.taken_at, ShadowDecision.closed_at).order_by(
            ShadowDecision.id
        )
    )
    assert [tuple(row) for row in rows] == [(acme.agents["Bo"], NOON + MINUTE, NOON + MINUTE), (None, None, None)]


def test_what_somebody_takes_while_a_run_decides_is_neither_kept_nor_a_turn(acme: Acme, settings, monkeypatch):
    """C19: the mirror writes it between reading and keeping. Seen to fail without the condition of the insert."""
    desk = in_shadow(acme)
    taken, other = desk.waiting(2)
    read = shadow_decisions.open_in

    def take_then_read(*args):
        with database.connect(settings.database_url).begin() as mirror:
            theirs = {"assignee_id": acme.agents["Cleo"], "assigned_at": NOON, "waiting_since": None}
            mirror.execute(update(Conversation).where(Conversation.id == taken).values(**theirs))
        return read(*args)

    monkeypatch.setattr(shadow_decisions, "open_in", take_then_read)
    acme.run()
    monkeypatch.undo()

    assert decided(acme) == [(other, "Bo")]
    wheel = RotationKey(account_id=acme.account_id, inbox_id=acme.support)
    assert acme.names(acme.work.rotations.orders([wheel])[wheel])[-1] == "Bo"


def test_leaving_shadow_closes_what_is_open(acme: Acme):
    """C19"""
    desk = in_shadow(acme)
    desk.waiting(2)
    run_again(acme)

    shadow_decisions.close_all_in(acme.work.session, acme.support, at=NOON)
    acme.work.session.commit()

    assert decided(acme) == []


def test_the_report_counts_agreement_the_time_saved_and_each_agents_share(acme: Acme):
    """C19"""
    desk = in_shadow(acme)
    agreed, other, sooner, unknown, ended, _ = desk.waiting(6)
    run_again(acme)
    take(acme, agreed, NOON + 2 * MINUTE, agent="Ana")
    take(acme, other, NOON + 6 * MINUTE, agent="Ana")
    take(acme, sooner, NOON - MINUTE, agent="Bo")
    take(acme, unknown, NOON + 4 * MINUTE, name="Zoe")
    take(acme, ended, NOON + 9 * MINUTE)

    session = acme.work.session
    found = shadow_decisions.report(session, acme.account_id, acme.support, since=NOON, until=NOON + MINUTE)
    before = shadow_decisions.report(session, acme.account_id, acme.support, since=NOON - MINUTE, until=NOON)

    assert (found.decided, found.taken, found.agreed) == (6, 4, 1)
    assert (found.saved, found.median_saved) == (12 * MINUTE, 4 * MINUTE)
    assert found.spread == [
        ShadowShare(agent_id=acme.agents["Ana"], name="Ana", ours=2, theirs=2),
        ShadowShare(agent_id=acme.agents["Bo"], name="Bo", ours=2, theirs=1),
        ShadowShare(agent_id=None, name="Zoe", ours=0, theirs=1),
    ]
    assert (before.decided, before.saved, before.median_saved, before.spread) == (0, timedelta(), None, [])


def test_a_waiting_conversation_says_whom_it_would_go_to(acme: Acme):
    """C19, E48"""
    desk = in_shadow(acme)
    [first, second] = desk.waiting(2)
    run_again(acme)

    told = conversation.conversation(acme.work, acme.account_id, second, now=NOON)
    page = Page(page=1, per_page=9)
    lines = list_page.page_of(acme.work.session, acme.account_id, ConversationListFilter(), page).data
    reasons = waiting_list.of(acme.work, acme.account_id, lines, now=NOON)

    assert told.sentence == "Waiting in the helpdesk: Support is in shadow, where it would go to Bo."
    assert {one: why.reason for one, why in reasons.items()} == {first: Reason.SHADOW, second: Reason.SHADOW}
