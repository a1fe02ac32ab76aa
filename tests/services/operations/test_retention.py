"""What has been kept long enough is removed; what is undelivered, and the ledger, stay."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, text, update

from dashboard.helpdesks.values import WebhookHint
from dashboard.services.accounts import sessions
from dashboard.services.explanations import conversation
from dashboard.services.explanations.conversation import ExplanationState
from dashboard.services.operations import retention
from dashboard.services.operations.retention import Removed
from dashboard.store.models import (
    Assignment,
    Base,
    ConnectionConflict,
    EndedSession,
    HelpdeskWrite,
    IdempotentAnswer,
    OutboxEvent,
    Run,
    RunBatch,
    ShadowDecision,
    Webhook,
    WebhookDelivery,
)
from dashboard.store.models.helpdesk_writes import WriteKind
from dashboard.store.operations import metrics
from dashboard.store.postgres import database
from tests.desks import NOON, Acme
from tests.helpdesks import beside as besides

DAY = timedelta(days=1)
LONG_AFTER = NOON + 181 * DAY
NOTHING = Removed(
    runs=0,
    events=0,
    answers=0,
    sessions=0,
    alerts=0,
    writes=0,
    conflicts=0,
    shadow_decisions=0,
    presence_changes=0,
    conversation_changes=0,
    is_more=False,
)


def count(acme: Acme, model: type[Base]) -> int:
    return acme.work.session.scalar(select(func.count()).select_from(model)) or 0


def a_run(acme: Acme) -> int:
    """Let Ana be given a conversation, and return it."""
    acme.policy()
    acme.online("Ana")
    [given] = acme.waiting(1)
    acme.run()
    return given


def an_event(acme: Acme, *statuses: str, **facts: object) -> int:
    """Write an event of noon that was fanned out, with deliveries of these statuses and facts."""
    session, common = acme.work.session, {"account_id": acme.account_id}
    event = {**common, "event": "assignee_changed", "body": {}, "at": NOON, "dispatched_at": NOON}
    event_id = session.execute(insert(OutboxEvent).values(event).returning(OutboxEvent.id)).scalar_one()
    for status in statuses:
        listener = {**common, "url": f"https://x.example/{uuid4()}", "subscriptions": [], "secret": "s"}
        webhook_id = session.execute(insert(Webhook).values(listener).returning(Webhook.id)).scalar_one()
        row = {**common, "id": uuid4(), "webhook_id": webhook_id, "event_id": event_id, "status": status}
        row |= {"delivered_at": NOON if status == "delivered" else None, "give_up_at": NOON + DAY, "created_at": NOON}
        session.execute(insert(WebhookDelivery).values({**row, **facts}))
    session.commit()
    return event_id


def events_left(acme: Acme) -> list[int]:
    return list(acme.work.session.scalars(select(OutboxEvent.id).order_by(OutboxEvent.id)))


def test_runs_go_with_their_batches_when_they_are_older_than_they_are_kept(acme: Acme):
    a_run(acme)

    assert retention.remove_old(acme.work, now=NOON + 180 * DAY).runs == 0
    removed = retention.remove_old(acme.work, now=LONG_AFTER)

    assert (removed.runs, removed.is_more) == (1, False)
    assert count(acme, Run) == count(acme, RunBatch) == 0
    assert count(acme, Assignment) == 1


def test_who_has_a_conversation_is_still_explained_when_its_run_is_gone(acme: Acme):
    """E47, E48"""
    given = a_run(acme)
    before = conversation.conversation(acme.work, acme.account_id, given, now=LONG_AFTER)
    retention.remove_old(acme.work, now=LONG_AFTER)

    told = conversation.conversation(acme.work, acme.account_id, given, now=LONG_AFTER)

    assert before
    assert told
    assert before.sentence == "Assigned to Ana by a run: nobody else was eligible."
    assert (told.state, told.sentence) == (ExplanationState.ASSIGNED, "Assigned to Ana by a run.")
    assert told.given == before.given


def test_events_that_everybody_was_told_of_go_with_their_deliveries(acme: Acme):
    an_event(acme)
    an_event(acme, "delivered", "delivered")

    assert retention.remove_old(acme.work, now=LONG_AFTER).events == 2

    assert count(acme, OutboxEvent) == count(acme, WebhookDelivery) == 0


def test_what_was_given_up_goes_as_what_was_delivered_does(acme: Acme):
    an_event(acme, "delivered", "parked")

    assert retention.remove_old(acme.work, now=LONG_AFTER + DAY).events == 1

    assert count(acme, OutboxEvent) == count(acme, WebhookDelivery) == 0


def test_what_is_still_to_be_told_stays_however_old_with_the_deliveries_beside_it(acme: Acme):
    event = an_event(acme, "delivered", "pending")

    assert retention.remove_old(acme.work, now=LONG_AFTER) == NOTHING

    assert events_left(acme) == [event]
    assert count(acme, WebhookDelivery) == 2


def test_what_is_not_fanned_out_or_was_delivered_again_of_late_stays(acme: Acme):
    waiting, again = an_event(acme), an_event(acme, "delivered", delivered_at=LONG_AFTER - DAY)
    acme.work.session.execute(update(OutboxEvent).where(OutboxEvent.id == waiting).values(dispatched_at=None))

    assert retention.remove_old(acme.work, now=LONG_AFTER) == NOTHING

    assert events_left(acme) == [waiting, again]


def test_answers_to_repeated_requests_go_after_a_day(acme: Acme):
    for hours in (23, 25):
        values = {"route": "POST /x", "key": f"{hours}", "body_hash": "", "created_at": NOON - timedelta(hours=hours)}
        acme.work.session.execute(insert(IdempotentAnswer).values(account_id=acme.account_id, **values))

    assert retention.remove_old(acme.work, now=NOON).answers == 1

    assert list(acme.work.session.scalars(select(IdempotentAnswer.key))) == ["23"]


def test_a_log_out_is_forgotten_when_its_cookie_is_too_old_by_itself(acme: Acme):
    ended, recently = uuid4(), uuid4()
    sessions.end(acme.work, ended, now=NOON)
    sessions.end(acme.work, recently, now=NOON + DAY)
    acme.work.finish()

    assert retention.remove_old(acme.work, now=NOON + timedelta(days=32, seconds=1)).sessions == 1

    assert list(acme.work.session.scalars(select(EndedSession.id))) == [recently]


def test_how_long_is_kept_is_a_setting(acme: Acme):
    a_run(acme)
    week = replace(acme.work, settings=replace(acme.work.settings, run_retention_days=7))

    assert retention.remove_old(week, now=NOON + 8 * DAY).runs == 1


def test_what_somebody_holds_is_passed_over_and_waits_for_nobody(acme: Acme):
    a_run(acme)
    an_event(acme)
    engine = database.connect(acme.work.settings.database_url)
    with engine.connect() as other:
        other.execute(text("SELECT 1 FROM runs, outbox_events FOR UPDATE"))
        assert retention.remove_old(acme.work, now=LONG_AFTER) == NOTHING
        other.rollback()
    engine.dispose()

    removed = retention.remove_old(acme.work, now=LONG_AFTER)

    assert (removed.runs, removed.events) == (1, 1)


def test_when_its_time_is_up_it_says_that_there_is_more(acme: Acme, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    run = {"account_id": acme.account_id, "inbox_id": acme.support, "source": "manual", "started_at": NOON}
    acme.work.session.execute(insert(Run), [run] * 5)

    assert retention.remove_old(acme.work, now=LONG_AFTER, lasts_for=0).is_more
    removed = retention.remove_old(acme.work, now=LONG_AFTER)

    assert (removed.runs, removed.is_more) == (5, False)


def test_what_is_removed_stays_counted(acme: Acme):
    a_run(acme)
    before = metrics.read(acme.work.session).done

    retention.remove_old(acme.work, now=LONG_AFTER)

    assert before
    assert metrics.read(acme.work.session).done == before


def test_what_a_helpdesk_told_is_kept_for_a_day_and_what_was_written_there_as_long_as_runs(acme: Acme) -> None:
    """C5"""
    beside = besides.connect(acme)
    beside.receive([WebhookHint(event="old", id="u-1")])
    session, work = acme.work.session, acme.work
    [conversation_id] = acme.waiting(1)
    common = {"account_id": acme.account_id, "connection_id": beside.connection_id, "conversation_id": conversation_id}
    write = {**common, "inbox_id": acme.support, "kind": WriteKind.CLAIM, "at": NOON, "due_at": NOON}
    session.execute(insert(HelpdeskWrite), [{**write, "state": state} for state in ("written", "writing")])
    session.execute(insert(ConnectionConflict).values(**common, at=NOON, ours="Ana", theirs="Bo"))
    shadow = {"inbox_id": acme.support, "conversation_id": conversation_id, "agent_id": acme.agents["Ana"], "at": NOON}
    session.execute(insert(ShadowDecision).values(account_id=acme.account_id, **shadow))
    session.commit()

    assert retention.forget_heard(work, now=NOON + DAY) == 0
    assert retention.forget_heard(work, now=NOON + DAY + timedelta(seconds=1)) == 1
    assert retention.remove_old(work, now=NOON + 180 * DAY) == NOTHING
    removed = retention.remove_old(work, now=LONG_AFTER)

    assert (removed.writes, removed.conflicts, removed.shadow_decisions) == (1, 1, 1)
    assert count(acme, HelpdeskWrite) == 1  # the one that has not ended
