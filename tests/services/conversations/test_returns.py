"""Conversations are taken from agents who do not answer, whatever else happens in the same moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, update

from dashboard.config import Settings
from dashboard.engine.decisions import Reason, Source
from dashboard.engine.model import ConnectionMode, Presence, Status
from dashboard.engine.verdicts import HadIt
from dashboard.services.assignment import return_rules
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.conversation_forms import Message, MessageType
from dashboard.services.conversations.timed import returns
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.explanations import conversation
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.models import Account, Assignment, AssignmentPolicy, Inbox, OutboxEvent
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Session
from tests.connected import connect
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded, desk_on
from tests.handling import change, events, leave, ledger, set_availability
from tests.runs import left

MINUTE = timedelta(minutes=1)
DUE = NOON + 30 * MINUTE
BEFORE = DUE - timedelta(microseconds=1)
NIGHT = {"timezone": "UTC", "weekly": {"mon": [["12:00", "12:10"]]}, "holidays": [], "country": None}


def found(acme: Acme, conversation_id: int) -> ConversationRow:
    row = conversations.get(acme.work.session, acme.account_id, conversation_id)
    acme.work.session.rollback()
    return row


def by_run(acme: Acme, name: str, count: int = 1, **facts: object) -> list[int]:
    return acme.held(name, count, assigned_by_engine=True, **facts)


def write(acme: Acme, conversation_id: int, kind: MessageType, at: datetime) -> None:
    said = Message(message_type=kind)
    acme.work.finished(
        change_conversation.message(acme.work, acme.account_id, conversation_id, said, actor_id=None, now=at)
    )


def run_at(acme: Acme, at: datetime, *online: str) -> None:
    acme.online(*online, at=at)
    acme.run(at=at)


def settings_of(acme: Acme, **rules: object) -> None:
    acme.work.session.execute(update(AssignmentPolicy).values(**rules))
    acme.work.session.commit()


def test_what_nobody_answers_comes_back_and_goes_to_somebody_else(acme: Acme, queue: Recorded):
    """E64, E65: seen to stay for ever without the check."""
    acme.policy(return_after=30)
    [one] = acme.waiting(1)
    run_at(acme, NOON, "Ana", "Bo")
    queue.runs.clear()

    early = returns.return_due(acme.work, now=BEFORE)
    back = returns.return_due(acme.work, now=DUE)
    waits = found(acme, one)
    run_at(acme, DUE, "Ana", "Bo")

    assert (early, back) == (0, 1)
    assert (waits.is_waiting, waits.waiting_since, waits.returns) == (True, DUE, 1)
    assert waits.returned_from == (acme.agents["Ana"],)
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]
    assert acme.assignees([one]) == ["Bo"]
    assert ledger(acme)[1] == (Source.RELEASE, "Ana", "-", "no_reply")
    assert events(acme)[2:4] == ["assignee_changed", "conversation_updated"]


def test_it_never_goes_back_while_another_member_could_ever_take_it(acme: Acme, queue: Recorded):
    """E65, E63: Cleo and Dov are away; Ana had it, and Bo too."""
    acme.policy(return_after=30)
    [one] = acme.waiting(1)
    for turn, expected in enumerate(["Ana", "Bo"]):
        run_at(acme, NOON + turn * 30 * MINUTE, "Ana", "Bo")
        assert acme.assignees([one]) == [expected]
        returns.return_due(acme.work, now=NOON + (turn + 1) * 30 * MINUTE)

    at = NOON + 60 * MINUTE
    acme.online("Ana", "Bo", at=at)
    told = conversation.conversation(acme.work, acme.account_id, one, now=at)

    assert left(acme, at=at) == {Reason.ALL_RATE_LIMITED: 1}
    assert told is not None
    verdicts = {agent.name: verdict for agent, verdict in told.agents}
    assert (verdicts["Ana"], verdicts["Bo"]) == (HadIt(DUE), HadIt(at))
    assert told.sentence == "Waiting because all 2 online agents of Support had it and did not answer."
    run_at(acme, at, "Cleo")
    assert acme.assignees([one]) == ["Cleo"]


def test_after_its_most_returns_it_stays_where_it_is_and_is_told(acme: Acme):
    """E65"""
    acme.policy(return_after=30, max_returns=1)
    [one] = acme.waiting(1)
    run_at(acme, NOON, "Ana", "Bo")
    returns.return_due(acme.work, now=DUE)
    run_at(acme, DUE, "Ana", "Bo")
    early = return_rules.used_up(acme.work, acme.account_id, now=DUE + 29 * MINUTE)

    at = DUE + 30 * MINUTE
    again = returns.return_due(acme.work, now=at)
    used_up = return_rules.used_up(acme.work, acme.account_id, now=at)
    told = conversation.conversation(acme.work, acme.account_id, one, now=at)

    assert (again, acme.assignees([one])) == (0, ["Bo"])
    assert (early, [(row.inbox_id, row.conversation_id) for row in used_up]) == ([], [(acme.support, one)])
    assert told is not None
    assert told.sentence.endswith(
        "It came back once, as often as its policy allows, and stays although nobody answers."
    )
    write(acme, one, MessageType.OUTGOING, at)
    assert return_rules.used_up(acme.work, acme.account_id, now=at) == []


def test_an_answer_keeps_it(acme: Acme):
    """E64"""
    acme.policy(return_after=30)
    [one] = by_run(acme, "Ana")
    write(acme, one, MessageType.OUTGOING, NOON + MINUTE)
    write(acme, one, MessageType.INCOMING, NOON + 2 * MINUTE)

    assert returns.return_due(acme.work, now=DUE + 600 * MINUTE) == 0


@pytest.mark.parametrize("too", [False, True])
def test_what_a_person_assigned_stands_unless_the_policy_says_otherwise(acme: Acme, too: bool):
    """E64"""
    acme.policy(return_after=30, return_when_absent=30, return_by_hand_too=too)
    acme.held("Ana", 1)

    assert returns.return_due(acme.work, now=DUE) == int(too)


def test_an_absent_agents_unanswered_conversations_come_back(acme: Acme):
    """E64, E37: Ana's last heartbeat was at noon, so that she is absent since a minute later; Bo is there."""
    acme.policy(return_when_absent=30)
    acme.online("Ana", at=NOON)
    acme.online("Bo", at=DUE + MINUTE)
    unanswered, answered, snoozed = by_run(acme, "Ana", 3)
    by_run(acme, "Bo")
    write(acme, answered, MessageType.OUTGOING, NOON + MINUTE / 2)
    change(acme, snoozed, status=Status.SNOOZED)

    early = returns.return_due(acme.work, now=BEFORE + MINUTE)
    back = returns.return_due(acme.work, now=DUE + MINUTE)

    assert (early, back) == (0, 1)
    assert found(acme, unanswered).is_waiting
    assert ledger(acme) == [(Source.RELEASE, "Ana", "-", "agent_absent")]


def test_whoever_set_themselves_offline_is_absent_since_then_and_a_busy_agent_is_not(acme: Acme):
    """E64, E37"""
    acme.policy(return_when_absent=30)
    acme.online("Ana", "Bo", at=DUE)
    since = NOON + MINUTE
    acme.change_agent("Ana", availability=Presence.OFFLINE, availability_since=since)
    set_availability(acme, "Bo", Presence.BUSY)
    by_run(acme, "Ana")
    by_run(acme, "Bo")

    assert returns.return_due(acme.work, now=DUE) == 0
    acme.online("Ana", "Bo", at=DUE + MINUTE)
    assert returns.return_due(acme.work, now=DUE + MINUTE) == 1
    assert ledger(acme) == [(Source.RELEASE, "Ana", "-", "agent_absent")]


def test_an_emptied_redis_makes_nobody_absent(acme: Acme):
    """E64, E42: without heartbeats, the absence counts from the loss. Seen to fail without the mark."""
    acme.policy(return_when_absent=30)
    run_at(acme, NOON, "Ana")
    acme.change_agent("Ana", availability_since=NOON - 600 * MINUTE)
    by_run(acme, "Ana")
    acme.work.heartbeats._redis.flushdb()

    assert returns.return_due(acme.work, now=DUE + 60 * MINUTE) == 0
    assert returns.return_due(acme.work, now=DUE + 91 * MINUTE) == 1


@pytest.mark.parametrize(
    "off", ["account", "policy", "inbox", "closed", "shadow"], ids=lambda off: f"while {off} is in the way"
)
def test_nothing_comes_back_where_no_run_would_assign_it(acme: Acme, off: str):
    """E1, E62, E64"""
    acme.policy(return_after=5)
    by_run(acme, "Ana")
    session = acme.work.session
    match off:
        case "account":
            session.execute(update(Account).values(assignment_v2=False))
        case "policy":
            session.execute(update(AssignmentPolicy).values(enabled=False))
        case "inbox":
            session.execute(update(Inbox).values(enable_auto_assignment=False))
        case "closed":
            session.execute(update(Inbox).values(business_hours=NIGHT))
        case _:
            connect(acme, mode=ConnectionMode.SHADOW, read_at=DUE)
    session.commit()

    assert returns.return_due(acme.work, now=DUE) == 0


def test_minutes_run_in_open_hours(acme: Acme):
    """E62, E64: the inbox is open for ten minutes on Mondays; the twenty-fifth is a fortnight later."""
    acme.policy(return_after=25)
    by_run(acme, "Ana")
    acme.work.session.execute(update(Inbox).values(business_hours=NIGHT))
    acme.work.session.commit()

    assert returns.return_due(acme.work, now=NOON + timedelta(days=14, minutes=4)) == 0
    assert returns.return_due(acme.work, now=NOON + timedelta(days=14, minutes=5)) == 1


def test_a_rule_that_ended_meanwhile_takes_nothing(acme: Acme):
    """E2, E64: the check found it due, and the policy says otherwise once the row is locked."""
    acme.policy(return_after=30)
    [one] = by_run(acme, "Ana")
    settings_of(acme, return_after=None)

    assert not returns.return_one(acme.work, acme.account_id, one, now=DUE)
    acme.work.session.rollback()
    assert acme.assignees([one]) == ["Ana"]


@pytest.mark.parametrize("ends", ["resolved", "reopened"])
def test_the_memory_ends_with_the_conversation(acme: Acme, ends: str):
    """E65"""
    acme.policy(return_after=30)
    [one] = by_run(acme, "Ana")
    returns.return_due(acme.work, now=DUE)
    assert found(acme, one).returns == 1

    change(acme, one, status=Status.RESOLVED)
    if ends == "reopened":
        change(acme, one, status=Status.OPEN)

    row = found(acme, one)
    assert (row.returns, row.returned_from, row.returned_ats) == (0, (), ())


def test_a_replay_knows_whom_it_came_back_from(acme: Acme):
    """E47, E65"""
    acme.policy(return_after=30)
    [one] = by_run(acme, "Ana")
    returns.return_due(acme.work, now=DUE)
    run_at(acme, DUE, "Ana", "Bo")

    told = conversation.conversation(acme.work, acme.account_id, one, now=DUE)

    assert told is not None
    assert {agent.name: verdict for agent, verdict in told.agents}["Ana"] == HadIt(DUE)


def test_nobody_else_is_hidden_behind_ten_thousand_that_only_their_former_agents_might_take(acme: Acme):
    """E9, E65"""
    acme.policy()
    acme.online("Ana")
    had = [acme.agents["Ana"]]
    acme.waiting(10_000, created_at=NOON - timedelta(hours=9), returned_from=had, returned_ats=[NOON], returns=1)
    plain = acme.waiting(3)

    assert left(acme) == {Reason.ALL_RATE_LIMITED: 10_000}
    assert acme.assignees(plain) == ["Ana"] * 3


def test_the_run_that_left_it_wakes_when_another_agents_pace_ends(acme: Acme):
    """E61, E63: with the next instant of fair distribution or pace."""
    acme.policy(return_after=30, pace_seconds=60)
    leave(acme, "Cleo")
    leave(acme, "Dov")
    [one] = by_run(acme, "Ana")
    returns.return_due(acme.work, now=DUE)
    had = {"returned_from": [acme.agents["Ana"]], "returned_ats": [NOON], "returns": 1}
    [first] = acme.waiting(1, created_at=NOON - timedelta(hours=3), **had)

    run_at(acme, DUE, "Ana", "Bo")

    assert acme.assignees([first, one]) == ["Bo", "-"]
    assert acme.work.signals.queue.wakeups[-1] == (acme.account_id, acme.support, DUE + MINUTE)  # type: ignore[attr-defined]


def test_without_a_rule_the_check_is_one_query(acme: Acme):
    """E64: and with one, its number does not grow with what is held."""
    acme.policy()
    by_run(acme, "Ana", 3)
    with statements(acme.work.session) as plain:
        returns.return_due(acme.work, now=DUE)
    settings_of(acme, return_after=60, return_when_absent=60)
    acme.online("Ana", "Bo", "Cleo", "Dov", at=DUE)
    returns.return_due(acme.work, now=DUE)
    with statements(acme.work.session) as few:
        returns.return_due(acme.work, now=DUE)
    for name in ("Ana", "Bo", "Cleo"):
        by_run(acme, name, 50)
    with statements(acme.work.session) as many:
        returns.return_due(acme.work, now=DUE)

    assert (len(plain), len(few), len(many)) == (1, 3, 3)


def test_a_reply_in_the_same_moment_is_seen_or_finds_it_waiting(acme: Acme, settings):
    """E64: never is one taken whose agent had answered, and never twice, by four workers that check at once.

    Seen to fail with the locked row not judged again.
    """
    acme.policy(return_after=30)
    ids = by_run(acme, "Ana", 40)

    def reply(work: UnitOfWork) -> None:
        said = Message(message_type=MessageType.OUTGOING)
        for one in ids[::2]:
            work.finished(change_conversation.message(work, acme.account_id, one, said, actor_id=None, now=DUE))

    at_once(settings, [lambda work: returns.return_due(work, now=DUE), reply] * 4)

    for one in ids:
        row = found(acme, one)
        released = acme.work.session.scalar(
            select(func.count()).select_from(Assignment).where(Assignment.conversation_id == one)
        )
        assert released == row.returns <= 1
        assert row.is_waiting == bool(row.returns)
        assert row.returns == 1 or row.replied_at == DUE
        assert row.returns == 0 or first_event(acme, one) == "assignee_changed"


def at_once(settings: Settings, acts: Sequence[Callable[[UnitOfWork], object]]) -> None:
    """Act in threads with a connection each, all starting together."""
    barrier = Barrier(len(acts))
    engine = database.connect(settings.database_url, pool_size=len(acts))

    def on_own(act: Callable[[UnitOfWork], object]) -> None:
        with engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
            work = desk_on(session, settings, Recorded())
            barrier.wait()
            act(work)

    with ThreadPoolExecutor(len(acts)) as pool:
        list(pool.map(on_own, acts))
    engine.dispose()


def first_event(acme: Acme, conversation_id: int) -> str | None:
    """Return the first event of a conversation: an update comes of a reply."""
    wanted = select(OutboxEvent.event).where(OutboxEvent.conversation_id == conversation_id)
    return acme.work.session.scalar(wanted.order_by(OutboxEvent.id).limit(1))
