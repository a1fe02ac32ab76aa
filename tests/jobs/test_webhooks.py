"""Webhooks with real workers: nothing is lost when they die, and a receiver that hangs holds up no assignment."""

import pytest
from sqlalchemy import func, select

from dashboard import clock
from dashboard.store.models import WebhookDelivery
from tests import processes
from tests.desks import Acme
from tests.jobs.conftest import Start
from tests.jobs.test_worker import assigned, ready
from tests.listening import Line
from tests.receivers import receiver
from tests.waiting import eventually, promptly

TELLING = ("-m", "jobs.worker", "--queues", "scheduled_jobs", "webhooks")


@pytest.fixture
def line(live: Acme, monkeypatch: pytest.MonkeyPatch) -> Line:
    """Acme's line; this machine may be called."""
    monkeypatch.setenv("WEBHOOK_ALLOW_PRIVATE", "1")
    return Line(acme=live, now=clock.now())


def delivered(line: Line) -> int:
    session = line.acme.work.session
    done = select(func.count()).select_from(WebhookDelivery).where(WebhookDelivery.status == "delivered")
    count = session.scalar(done)
    session.rollback()
    return int(count or 0)


def happens(line: Line, *conversation_ids: int) -> None:
    line.now = clock.now()
    line.happens(*conversation_ids)
    line.acme.work.signals.changed(line.acme.account_id)


def test_a_change_is_told_and_what_failed_is_told_again_in_order(line: Line, start: Start):
    start(*TELLING)
    start("-m", "jobs.schedule")
    first, second = line.acme.waiting(2)
    with receiver(answer=lambda before: 500 if before == 0 else 200) as heard:
        webhook = line.listen(heard.url)
        happens(line, first, first, second)

        eventually(lambda: len(heard.calls) >= 2)
        promptly(lambda: delivered(line) == 3, within=12.0)

        order = [call.event["conversation"]["id"] for call in heard.calls]
        assert order == [first, second, first, first]
        assert heard.calls[0].delivery == heard.calls[2].delivery
        assert heard.calls[2].at - heard.calls[0].at >= 5.0
        assert all(call.is_signed_with(line.secrets[webhook]) for call in heard.calls)


@pytest.mark.gate
def test_a_worker_killed_while_it_delivers_loses_nothing(line: Line, start: Start):
    conversations = line.acme.waiting(5)
    with receiver(hangs_for=60.0) as heard:
        line.listen(heard.url)
        killed = start(*TELLING)
        happens(line, *conversations)
        eventually(lambda: heard.calls)
        processes.kill(processes.family(killed.pid))
        heard.hangs_for = 0.0
        heard.released.set()
        assert delivered(line) == 0

        start(*TELLING)
        start("-m", "jobs.schedule")
        promptly(lambda: delivered(line) == 5, within=25.0)

        first, *again = heard.calls
        assert again[0].delivery == first.delivery
        assert [call.event["conversation"]["id"] for call in again] == conversations


def test_a_receiver_that_hangs_holds_up_no_assignment(line: Line, start: Start):
    """Seen to fail with webhooks among the queues of a worker that is told of none: one waited over 3 s."""
    floor = line.acme
    floor.policy()
    floor.online("Ana", at=clock.now())
    with receiver(hangs_for=60.0) as heard:
        line.listen(heard.url)
        ready(floor, lambda: start("-m", "jobs.worker"))
        happens(line, *floor.waiting(1))
        floor.work.signals.wake(floor.account_id, [floor.support])
        promptly(lambda: assigned(floor) == 1, within=3.0)

        start("-m", "jobs.worker", "--queues", "webhooks")
        eventually(lambda: heard.calls)
        floor.waiting(1)
        floor.work.signals.wake(floor.account_id, [floor.support])

        promptly(lambda: assigned(floor) == 2, within=3.0)
        assert delivered(line) == 0
