"""The rules that people ask for, in runs on real stores."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from dashboard.engine.decisions import Reason, Via
from dashboard.engine.model import Status
from dashboard.services.assignment import stranded_check
from dashboard.services.conversations import change
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.services.core.refusals import Conflict
from dashboard.services.explanations import conversation
from dashboard.services.inboxes import teams
from dashboard.store.assignment.run_history import decision_history
from dashboard.store.models import (
    Account,
    Assignment,
    Conversation,
    Inbox,
    InboxMember,
    TeamMember,
)
from tests.desks import NOON, Acme
from tests.runs import left, with_batches_of

CALLED = {"actor_id": None, "now": NOON}
MINUTE = timedelta(minutes=1)


def requiring(acme: Acme, count: int = 1, *skills: str, minutes: float = 60, **facts: object) -> list[int]:
    """Put conversations on the floor that require skills."""
    keys = sorted(skill.casefold() for skill in skills)
    since = NOON - timedelta(minutes=minutes)
    return acme.waiting(count, created_at=since, required_skills=list(skills), required_keys=keys, **facts)


def opt_out(acme: Acme, name: str) -> None:
    wanted = (InboxMember.inbox_id == acme.support, InboxMember.user_id == acme.agents[name])
    acme.work.session.execute(update(InboxMember).where(*wanted).values(auto_assign=False))
    acme.work.session.commit()


def wakeups(acme: Acme) -> list[tuple[int, datetime]]:
    """Return the inboxes that wake up by themselves, and when."""
    return [(inbox_id, at) for _, inbox_id, at in acme.work.signals.queue.wakeups]


def ledger(acme: Acme, conversation_id: int) -> tuple[Via | None, bool]:
    row = acme.work.session.execute(
        select(Assignment.via, Assignment.skills_relaxed).where(Assignment.conversation_id == conversation_id)
    ).one()
    acme.work.session.rollback()
    return row.via, row.skills_relaxed


def test_a_run_passes_over_a_member_who_is_switched_off(acme: Acme) -> None:
    """E57"""
    acme.policy()
    acme.online("Ana", "Bo")
    opt_out(acme, "Ana")
    waiting = acme.waiting(2)

    acme.run()

    assert acme.assignees(waiting) == ["Bo", "Bo"]


def test_ten_thousand_that_nobody_has_the_skills_for_hide_none_behind_them(acme: Acme) -> None:
    """E58, E9"""
    acme.policy()
    acme.online("Ana")
    with_batches_of(acme, 10)
    hidden = requiring(acme, 10_000, "French", minutes=300)
    plain = acme.waiting(3)

    assert left(acme) == {Reason.NOBODY_SKILLED: len(hidden)}
    assert acme.assignees(plain) == ["Ana"] * 3


def test_skills_are_compared_whatever_their_case_and_their_alphabet(acme: Acme) -> None:
    """E58: the database's own lower() knows only ASCII in the locale C."""
    acme.policy()
    acme.online("Ana", "Bo")
    acme.change_agent("Bo", skills=["PORTUGUÊS", "Straße"])
    waiting = requiring(acme, 2, "português", "STRASSE")

    acme.run()

    assert acme.assignees(waiting) == ["Bo", "Bo"]


def test_a_label_requires_its_skill_and_removing_the_label_frees_the_conversation(acme: Acme) -> None:
    """E58, E30"""
    acme.policy()
    acme.online("Ana")
    skills = {"skill_labels": {"vip": "Diplomacy"}, "skill_label_keys": {"vip": "diplomacy"}}
    acme.work.session.execute(update(Account).where(Account.id == acme.account_id).values(**skills))
    [labelled] = acme.waiting(1, labels=["vip"])

    assert left(acme) == {Reason.NOBODY_SKILLED: 1}
    change.change(acme.work, acme.account_id, labelled, ConversationChange(labels=()), **CALLED)
    acme.work.finish()
    acme.run()

    assert acme.assignees([labelled]) == ["Ana"]


def test_after_its_minutes_anybody_may_take_it_and_the_run_that_left_it_wakes_then(acme: Acme) -> None:
    """E58, scenario: a language that nobody online has."""
    acme.policy(relax_skills_after=30)
    acme.online("Ana")
    acme.change_agent("Dov", skills=["French"])
    [waiting] = requiring(acme, 1, "French", minutes=29)

    assert left(acme) == {Reason.NOBODY_ONLINE: 1}
    assert wakeups(acme) == [(acme.support, NOON + MINUTE)]
    acme.online("Ana", at=NOON + MINUTE)
    acme.run(at=NOON + MINUTE)

    assert acme.assignees([waiting]) == ["Ana"]
    assert ledger(acme, waiting) == (None, True)
    told = conversation.conversation(acme.work, acme.account_id, waiting, now=NOON + MINUTE)
    assert told is not None
    assert "the required skills were not asked for any more" in told.sentence


def test_pools_of_skills_share_the_rotation_in_redis(acme: Acme) -> None:
    """E58, E19, E22"""
    acme.policy()
    acme.online("Ana", "Bo")
    acme.change_agent("Ana", skills=["French"])
    french, plain = requiring(acme, 1, "French"), acme.waiting(1)

    acme.run()
    later = acme.waiting(1)
    acme.run()

    assert acme.assignees([*french, *plain, *later]) == ["Ana", "Bo", "Ana"]


def test_overflow_comes_after_its_minutes_and_uses_the_other_teams_rotation(acme: Acme) -> None:
    """E59, E19"""
    nights = acme.team("Nights", "Cleo", "Dov")
    acme.policy("Sales", overflow_team_id=nights, overflow_after=10)
    acme.online("Cleo", "Dov")
    early, late = (acme.waiting(2, "Sales", created_at=NOON - minutes * MINUTE) for minutes in (9, 11))

    outcome = acme.run("Sales").ending

    assert acme.assignees([*late, *early]) == ["Cleo", "Dov", "-", "-"]
    assert outcome.left_waiting == {Reason.NOBODY_ONLINE: 2}
    assert wakeups(acme) == [(acme.sales, NOON + MINUTE)]
    assert ledger(acme, late[0]) == (Via.OVERFLOW, False)


def test_who_got_it_by_overflow_keeps_it_while_in_that_team(acme: Acme) -> None:
    """E59, E31"""
    nights = acme.team("Nights", "Cleo")
    acme.policy("Sales", overflow_team_id=nights, overflow_after=10)
    acme.online("Cleo")
    [waiting] = acme.waiting(1, "Sales")
    acme.run("Sales")

    change.change(acme.work, acme.account_id, waiting, ConversationChange(subject="Now"), **CALLED)
    acme.work.finish()
    assert acme.assignees([waiting]) == ["Cleo"]
    acme.work.session.execute(TeamMember.__table__.delete())
    change.change(acme.work, acme.account_id, waiting, ConversationChange(subject="Then"), **CALLED)
    acme.work.finish()

    assert acme.assignees([waiting]) == ["-"]


def answered(acme: Acme, name: str, contact_id: int, *, hours_ago: float = 1) -> int:
    """Put a resolved conversation on record that a run gave this agent, who answered it."""
    at = NOON - timedelta(hours=hours_ago)
    facts = {"assigned_at": at, "replied_at": at, "resolved_at": at, "waiting_since": None, "awaiting": None}
    whose = {"contact_id": contact_id, "assignee_id": acme.agents[name], "assigned_by_engine": True}
    return acme.waiting(1, **facts, **whose, status=Status.RESOLVED)[0]


def test_the_contacts_agent_is_kept_for_and_gets_it_when_there_is_room(acme: Acme) -> None:
    """E60, scenario: the contact's agent is full for two minutes."""
    acme.policy(prefer_last_agent=24, wait_for_preferred=5)
    acme.capacity("Bo", {"Support": 1})
    acme.online("Ana", "Bo")
    kim = acme.contact("kim@example.org")
    answered(acme, "Bo", kim)
    [busy] = acme.held("Bo", 1)
    [waiting] = acme.waiting(1, contact_id=kim, created_at=NOON - MINUTE)

    assert left(acme) == {Reason.KEPT_FOR_PREFERRED: 1}
    assert wakeups(acme) == [(acme.support, NOON + 4 * MINUTE)]
    resolved = ConversationChange(status=Status.RESOLVED)
    change.change(acme.work, acme.account_id, busy, resolved, actor_id=None, now=NOON + MINUTE)
    acme.work.finish()
    acme.online("Ana", "Bo", at=NOON + MINUTE)
    acme.run(at=NOON + MINUTE)

    assert acme.assignees([waiting]) == ["Bo"]
    assert ledger(acme, waiting) == (Via.PREFERRED, False)


def test_after_the_wait_somebody_else_gets_it(acme: Acme) -> None:
    """E60"""
    acme.policy(prefer_last_agent=24, wait_for_preferred=5)
    acme.online("Ana")
    kim = acme.contact("kim@example.org")
    answered(acme, "Bo", kim)
    [waiting] = acme.waiting(1, contact_id=kim, created_at=NOON - 5 * MINUTE)

    acme.run()

    assert acme.assignees([waiting]) == ["Ana"]


def test_many_that_are_kept_hide_none_behind_them(acme: Acme) -> None:
    """E60, E9"""
    acme.policy(prefer_last_agent=24, wait_for_preferred=60)
    acme.online("Ana")
    with_batches_of(acme, 5)
    kim = acme.contact("kim@example.org")
    answered(acme, "Bo", kim)
    kept = acme.waiting(120, contact_id=kim, created_at=NOON - 30 * MINUTE)
    plain = acme.waiting(3, created_at=NOON - MINUTE)

    assert left(acme) == {Reason.KEPT_FOR_PREFERRED: len(kept)}
    assert acme.assignees(plain) == ["Ana"] * 3
    assert stranded_check.suspects(acme.work, now=NOON) == {}


def test_an_assignment_that_nobody_answered_makes_nobody_the_contacts_agent(acme: Acme) -> None:
    """E60. Seen to fail with every assignee taken for the contact's agent."""
    acme.policy(prefer_last_agent=24)
    acme.online("Ana", "Bo")
    kim = acme.contact("kim@example.org")
    unanswered = answered(acme, "Bo", kim)
    acme.work.session.execute(update(Conversation).where(Conversation.id == unanswered).values(replied_at=None))
    [waiting] = acme.waiting(1, contact_id=kim)

    acme.run()

    assert acme.assignees([waiting]) == ["Ana"]


def test_the_memory_of_a_contacts_agent_ends_with_its_hours(acme: Acme) -> None:
    """E60"""
    acme.policy(prefer_last_agent=24)
    acme.online("Ana", "Bo")
    kim, lee = acme.contact("kim@example.org"), acme.contact("lee@example.org")
    answered(acme, "Bo", kim, hours_ago=23)
    answered(acme, "Bo", lee, hours_ago=25)
    waiting = [acme.waiting(1, contact_id=contact)[0] for contact in (kim, lee)]

    acme.run()

    assert acme.assignees(waiting) == ["Bo", "Ana"]


def test_with_a_pace_a_backlog_is_given_out_one_by_one(acme: Acme) -> None:
    """E61, E30: over all inboxes, and the run wakes at the end of the pace."""
    acme.policy("Support", "Sales", pace_seconds=30)
    acme.online("Ana")
    acme.waiting(2)
    acme.waiting(1, "Sales")

    assert acme.run().ending.assigned_count == 1
    assert acme.run("Sales").ending.left_waiting == {Reason.ALL_RATE_LIMITED: 1}
    assert wakeups(acme)[-1] == (acme.sales, NOON + timedelta(seconds=30))
    assert acme.run("Sales", at=NOON + timedelta(seconds=30)).ending.assigned_count == 1
    assert acme.run(at=NOON + timedelta(seconds=59)).ending.assigned_count == 0


def test_an_answer_makes_room_under_a_policy_that_counts_only_unanswered_ones(acme: Acme) -> None:
    """E67, E30"""
    acme.policy()
    acme.capacity("Ana", {"Support": 1}, count_only_unanswered=True)
    acme.online("Ana")
    first, second = acme.waiting(2)
    acme.run()
    assert acme.assignees([first, second]) == ["Ana", "-"]
    acme.work.signals.queue.runs.clear()

    change.message(acme.work, acme.account_id, first, Message(message_type=MessageType.OUTGOING), **CALLED)
    acme.work.finish()

    assert [run[1] for run in acme.work.signals.queue.runs] == [acme.support]
    acme.run()
    assert acme.assignees([first, second]) == ["Ana", "Ana"]


def test_under_other_policies_an_answer_starts_no_run(acme: Acme) -> None:
    """E67"""
    acme.policy()
    acme.capacity("Ana", {"Support": 1})
    acme.online("Ana")
    first, _ = acme.waiting(2)
    acme.run()
    acme.work.signals.queue.runs.clear()

    change.message(acme.work, acme.account_id, first, Message(message_type=MessageType.OUTGOING), **CALLED)
    acme.work.finish()

    assert acme.work.signals.queue.runs == []


def test_a_weight_counts_over_all_inboxes(acme: Acme) -> None:
    """E68, E16: ten allowed, two calls of four held: two e-mails fit."""
    acme.policy()
    acme.capacity("Ana", {}, conversation_limit=10)
    acme.online("Ana")
    acme.work.session.execute(update(Inbox).where(Inbox.id == acme.sales).values(weight=4))
    acme.held("Ana", 2, "Sales")
    acme.waiting(3)

    assert acme.run().ending.assigned_count == 2


def test_what_a_run_decided_by_these_rules_is_replayed_as_it_was(acme: Acme) -> None:
    """E47, E57 to E61, E68"""
    nights = acme.team("Nights", "Dov")
    acme.policy(overflow_team_id=nights, overflow_after=10, relax_skills_after=30, prefer_last_agent=24, pace_seconds=1)
    acme.online("Ana", "Bo", "Dov")
    acme.change_agent("Bo", skills=["French"])
    opt_out(acme, "Cleo")
    ids = [*requiring(acme, 1, "French", minutes=25), *acme.waiting(2, created_at=NOON - MINUTE)]

    acme.run()

    row = acme.work.session.execute(select(Assignment.run_id, Assignment.at).limit(1)).one()
    kept = decision_history.batch_of(acme.work.session, acme.account_id, row.run_id, row.at)
    assert kept is not None
    for one in ids:
        told = conversation.conversation(acme.work, acme.account_id, one, now=NOON)
        assert told is not None
        assert told.decision is not None
        assert acme.names([told.decision.agent_id]) == acme.assignees([one])


def test_a_team_that_a_policy_overflows_to_is_not_deleted(acme: Acme) -> None:
    """E59"""
    nights = acme.team("Nights", "Dov")
    acme.policy(overflow_team_id=nights, overflow_after=10)

    refused = teams.remove(acme.work, acme.account_id, nights, **CALLED)

    assert isinstance(refused, Conflict)
    assert refused.sentence.startswith("The policy Policy 0 overflows to this team")
