"""A person says that what is missing has gone: the next reading takes it over, and nobody else's does (C9)."""

import pytest
from sqlalchemy import select

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.connecting import connections
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models import AuditEntry, Inbox
from tests.desks import Acme, Recorded
from tests.helpdesks import beside as besides
from tests.helpdesks.beside import Beside


@pytest.fixture
def asked(acme: Acme) -> Beside:
    """Acme beside a helpdesk of whose five conversations three are missing."""
    beside = besides.connect(acme)
    for number in range(1, 6):
        beside.helpdesk.starts(number)
    beside.poll()
    for number in (1, 2, 3):
        beside.helpdesk.delete(number)
    beside.reconcile()
    assert beside.connection.question is not None
    return beside


def confirmed(asked: Beside, work: UnitOfWork, *, account_id: int | None = None) -> ConnectionRow | None:
    whose = account_id or asked.acme.account_id
    done = connections.confirm_gone(work, whose, asked.connection_id, actor_id=None, now=asked.now)
    work.finish()
    return done


def audited(acme: Acme) -> list[dict[str, object]]:
    found = select(AuditEntry.after).where(AuditEntry.subject == "connection").order_by(AuditEntry.id)
    return list(acme.work.session.scalars(found))


def test_the_next_reading_closes_what_a_person_says_has_gone(asked: Beside, work: UnitOfWork, queue: Recorded) -> None:
    """C9"""
    queue.polls.clear()

    found = confirmed(asked, work)

    assert found is not None
    assert (found.open_read_at, found.setup_read_at) == (None, None)
    assert queue.polls == [(asked.acme.account_id, asked.connection_id)]
    assert len(asked.mirror()) == 5
    asked.poll()
    assert set(asked.mirror()) == {"u-4", "u-5"}
    assert asked.connection.question is None


def test_the_answer_is_audited_once(asked: Beside, work: UnitOfWork) -> None:
    """C9"""
    confirmed(asked, work)

    [entry] = audited(asked.acme)
    assert entry["name"] == "Shop"
    asked.poll()
    assert confirmed(asked, work) is not None
    assert audited(asked.acme) == [entry]


def test_without_a_question_nothing_is_read_again(acme: Acme, work: UnitOfWork, queue: Recorded) -> None:
    """C9"""
    beside = besides.connect(acme)
    beside.poll()
    queue.polls.clear()

    found = confirmed(beside, work)

    assert found is not None
    assert found.open_read_at == beside.now
    assert (queue.polls, audited(acme)) == ([], [])


def test_another_account_answers_nothing(asked: Beside, work: UnitOfWork) -> None:
    """C2, C9"""
    session = asked.acme.work.session
    theirs = session.scalars(select(Inbox.account_id).where(Inbox.id == asked.acme.stranger_inbox_id)).one()

    assert confirmed(asked, work, account_id=theirs) is None
    assert connections.confirm_gone(work, theirs, 999_999, actor_id=None, now=asked.now) is None

    asked.reconcile()
    assert len(asked.mirror()) == 5
    assert asked.connection.question is not None
