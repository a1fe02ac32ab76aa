"""Runs, checks and explanations of an inbox with business hours (E62)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from dashboard.engine.decisions import Outcome, Reason, Source
from dashboard.services.assignment import run, stranded_check
from dashboard.services.assignment.run import RunRequest
from dashboard.services.audit import undo
from dashboard.services.conversations import apply_suggestion
from dashboard.services.explanations import conversation
from dashboard.services.inboxes import inboxes
from dashboard.services.inboxes.inbox_forms import InboxForm
from dashboard.store.assignment.run_history import decision_history
from dashboard.store.models import AuditEntry, Inbox, Run
from tests.desks import NOON, Acme, Recorded
from tests.runs import with_batches_of

# NOON is on a Monday, at 13:00 in Berlin.
MORNINGS = {"timezone": "Europe/Berlin", "weekly": {"mon": [["09:00", "13:00"]], "tue": [["09:00", "13:00"]]}}
OPENS_AT = NOON + timedelta(hours=20)


def set_hours(acme: Acme, hours: Mapping[str, Any] | None, *, at: datetime = NOON) -> None:
    edit = InboxForm(partial=True).load({"business_hours": hours})
    acme.work.finished(inboxes.change(acme.work, acme.account_id, acme.support, edit, actor_id=None, now=at))


def hours_of(acme: Acme) -> object:
    found = acme.work.session.scalar(select(Inbox.business_hours).where(Inbox.id == acme.support))
    acme.work.session.rollback()
    return found


def test_a_run_outside_the_hours_stops_and_is_woken_at_the_opening(acme: Acme, queue: Recorded):
    """E62: the opening is twenty hours away."""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(2)
    set_hours(acme, MORNINGS)

    ended = acme.run().ending

    assert (ended.outcome, ended.reason, ended.left_waiting) == (Outcome.STOP, Reason.OUTSIDE_HOURS, {})
    assert queue.wakeups == [(acme.account_id, acme.support, OPENS_AT)]
    assert acme.assignees(waiting) == ["-", "-"]


def test_from_the_instant_of_the_opening_a_run_assigns(acme: Acme):
    """E62"""
    acme.policy()
    waiting = acme.waiting(1)
    set_hours(acme, MORNINGS)
    acme.online("Ana", at=OPENS_AT)

    assert acme.run(at=OPENS_AT - timedelta(microseconds=1)).ending.reason is Reason.OUTSIDE_HOURS
    acme.run(at=OPENS_AT)

    assert acme.assignees(waiting) == ["Ana"]


def test_hours_that_close_during_a_run_end_it_between_two_batches(acme: Acme, queue: Recorded):
    """E2, E62: what was assigned stays, and the rest is woken at the opening."""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(3)
    set_hours(acme, MORNINGS)
    with_batches_of(acme, 1)
    instants = [NOON - timedelta(seconds=2)] * 3

    run.run_inbox(
        acme.work,
        acme.account_id,
        acme.support,
        request=RunRequest(source=Source.REALTIME),
        now=lambda: instants.pop(0) if instants else NOON,
    )

    given = [name for name in acme.assignees(waiting) if name != "-"]
    assert 0 < len(given) < 3
    assert queue.wakeups == [(acme.account_id, acme.support, OPENS_AT)]


def test_other_hours_start_a_run_and_the_same_hours_start_none(acme: Acme, queue: Recorded):
    """E30, E62"""
    acme.policy()
    acme.waiting(1)
    set_hours(acme, MORNINGS)
    acme.work.signals.wakeups.clear(acme.account_id, acme.support)
    queue.runs.clear()

    set_hours(acme, MORNINGS)
    same = list(queue.runs)
    set_hours(acme, None)

    assert same == []
    assert queue.runs == [(acme.account_id, acme.support, Source.REALTIME)]


def test_what_waits_in_a_closed_inbox_is_not_stranded(acme: Acme):
    """E53, E62"""
    acme.policy()
    acme.online("Ana")
    waiting = acme.waiting(1)
    set_hours(acme, MORNINGS)
    acme.online("Ana", at=OPENS_AT)

    assert stranded_check.suspects(acme.work, now=NOON) == {}
    assert stranded_check.suspects(acme.work, now=OPENS_AT) == {acme.account_id: {acme.support: waiting}}


def test_a_wait_outside_the_hours_is_explained_with_the_opening_and_a_fix(acme: Acme):
    """E48, E62"""
    acme.policy()
    acme.online("Ana")
    [waiting] = acme.waiting(1)
    set_hours(acme, MORNINGS)

    told = conversation.conversation(acme.work, acme.account_id, waiting, now=NOON)

    assert told
    assert told.sentence == "Outside the hours of Support; they open Tuesday 09:00."
    assert told.next_possible_at == OPENS_AT
    assert [fix.sentence for fix in told.fixes] == ["Let Support be open always"]


def test_the_fix_removes_the_hours_and_a_run_assigns(acme: Acme, queue: Recorded):
    """E48, E62"""
    acme.policy()
    acme.online("Ana")
    [waiting] = acme.waiting(1)
    set_hours(acme, MORNINGS)

    done = apply_suggestion.apply(
        acme.work, acme.account_id, waiting, "Let Support be open always", actor_id=acme.agents["Ana"], now=NOON
    )
    acme.work.finish()
    acme.run()

    assert done
    assert hours_of(acme) is None
    assert acme.assignees([waiting]) == ["Ana"]


def test_a_change_of_hours_is_audited_and_has_an_undo(acme: Acme):
    """E62"""
    set_hours(acme, MORNINGS)
    before = hours_of(acme)
    set_hours(acme, None)
    entry_id = acme.work.session.scalar(select(AuditEntry.id).order_by(AuditEntry.id.desc()))

    acme.work.finished(undo.undo(acme.work, acme.account_id, entry_id or 0, actor_id=acme.agents["Ana"], now=NOON))

    assert before == {**MORNINGS, "holidays": [], "country": None}
    assert hours_of(acme) == before


def test_a_stored_batch_is_replayed_without_hours(acme: Acme):
    """E47, E62: the assignment is explained also while the inbox is closed."""
    acme.policy()
    acme.online("Ana", at=NOON - timedelta(minutes=1))
    [waiting] = acme.waiting(1)
    set_hours(acme, MORNINGS)
    acme.run(at=NOON - timedelta(minutes=1))
    run_id = acme.work.session.scalar(select(Run.id))

    kept = decision_history.batch_of(acme.work.session, acme.account_id, run_id or 0, NOON - timedelta(minutes=1))
    told = conversation.conversation(acme.work, acme.account_id, waiting, now=NOON)

    assert kept
    assert kept.snapshot.inbox.hours is None
    assert told
    assert told.sentence.startswith("Assigned to Ana by a run")
