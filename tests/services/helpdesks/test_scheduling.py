"""The regular look for what is due of helpdesks, and the jobs that it enqueues (C7, C8)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dashboard.helpdesks.values import WebhookHint
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.hints import scheduling
from dashboard.store.models import Connection
from dashboard.store.models.connections import ConnectionState
from dashboard.store.postgres import locks
from tests.desks import NOON, Acme, Recorded, own_session
from tests.helpdesks import beside as besides
from tests.helpdesks.beside import Beside

HINT = WebhookHint(event="conversation_created", id="u-1", display_id="1")


@pytest.fixture
def beside(acme: Acme) -> Beside:
    """Acme beside a helpdesk of which nothing was read."""
    return besides.connect(acme)


def note(beside: Beside, **values: object) -> None:
    beside.acme.work.session.execute(update(Connection).values(**values))
    beside.acme.work.session.commit()


def no_pause(_: float) -> None:
    """Let no webhooks gather."""


def test_what_is_due_is_polled_once_until_its_job_begins(beside: Beside, work: UnitOfWork, queue: Recorded) -> None:
    """C8: seen to pile up without the mark in Redis"""
    scheduling.start_due(work, now=NOON)
    scheduling.start_due(work, now=NOON)
    assert queue.polls == [(beside.acme.account_id, beside.connection_id)]

    work.signals.helpdesks.clear_poll(beside.acme.account_id, beside.connection_id)
    scheduling.start_due(work, now=NOON)
    assert len(queue.polls) == 2


@pytest.mark.parametrize(
    "rest",
    [
        {"paused": True, "state": ConnectionState.PAUSED},
        {"state": ConnectionState.BROKEN},
        {
            "state": ConnectionState.READY,
            "imported_at": NOON,
            **dict.fromkeys(
                ("setup_read_at", "presence_read_at", "waiting_read_at", "changes_read_at", "open_read_at"), NOON
            ),
        },
    ],
    ids=["paused", "broken", "just read"],
)
def test_nothing_is_polled_without_need(
    beside: Beside, work: UnitOfWork, queue: Recorded, rest: dict[str, object]
) -> None:
    """C8, C18, C21"""
    note(beside, **rest)

    scheduling.start_due(work, now=NOON)

    assert queue.polls == []


def test_marks_whose_job_was_lost_are_read_after_a_few_seconds(
    beside: Beside, work: UnitOfWork, queue: Recorded
) -> None:
    """C7"""
    beside.receive([HINT])

    scheduling.start_due(work, now=NOON + timedelta(seconds=4))
    assert queue.readings == []
    scheduling.start_due(work, now=NOON + timedelta(seconds=6))
    assert queue.readings == [(beside.acme.account_id, beside.connection_id)]


def test_a_poll_leaves_a_connection_that_another_process_reads(beside: Beside, work: UnitOfWork) -> None:
    """C8: without the lock, its closed credentials are noticed"""
    with (
        own_session(work.settings) as other,
        locks.connection_lock(other, beside.connection_id) as is_held,
    ):
        assert is_held
        assert not scheduling.poll(work, beside.acme.account_id, beside.connection_id, clock=lambda: NOON)
        assert beside.connection.state is ConnectionState.IMPORTING


def test_credentials_of_another_key_are_a_sentence_and_no_crash(beside: Beside, work: UnitOfWork) -> None:
    """C3"""
    scheduling.poll(work, beside.acme.account_id, beside.connection_id, clock=lambda: NOON)

    assert beside.connection.state is ConnectionState.BROKEN
    assert "SECRET_KEY" in beside.connection.sentence


def test_a_reading_that_finds_no_mark_lets_the_next_webhook_enqueue_one(
    beside: Beside, work: UnitOfWork, queue: Recorded
) -> None:
    """C7: seen to wait for ten seconds without that"""
    account_id, connection_id = beside.acme.account_id, beside.connection_id
    work.signals.read_marked(account_id, connection_id)

    assert not scheduling.read_marked(work, account_id, connection_id, clock=lambda: NOON, pause=no_pause)
    work.signals.read_marked(account_id, connection_id)

    assert queue.readings == [(account_id, connection_id)] * 2


def test_a_job_of_a_connection_that_is_gone_does_nothing(beside: Beside, work: UnitOfWork) -> None:
    """C21"""
    work.session.delete(work.session.get_one(Connection, beside.connection_id))
    work.session.commit()

    assert not scheduling.poll(work, beside.acme.account_id, beside.connection_id, clock=lambda: NOON)
    assert not scheduling.read_marked(
        work, beside.acme.account_id, beside.connection_id, clock=lambda: NOON, pause=no_pause
    )
