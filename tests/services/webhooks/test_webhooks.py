"""Events told to those who listen: at least once, in order per conversation, and no receiver's trouble is another's."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from dashboard.config import Settings
from dashboard.http_client.client import NOT_ALLOWED, NOT_HTTP, Outgoing, Post, ReceiverResponse
from dashboard.services.core.container import build
from dashboard.services.webhooks import deliver
from dashboard.services.webhooks import webhooks as webhooks_service
from dashboard.store.ledger.ledger import Event
from dashboard.store.postgres import database
from dashboard.store.webhooks import delivery_leases, outbox, webhooks
from dashboard.store.webhooks.delivery_leases import LeaseTerms
from tests.counting import WAITS_FOR_A_LOCK
from tests.desks import Acme, Recorded
from tests.listening import IMPATIENT, Line
from tests.receivers import babbling, receiver
from tests.waiting import PATIENCE, eventually, stopwatch

SECOND = timedelta(seconds=1)
RETRIES = [5, 30, 120, 600, 1_800, *[3_600] * 22]


@pytest.fixture
def line(acme: Acme) -> Line:
    """Acme's line."""
    return Line(acme=acme)


def told(calls) -> list[tuple[int, int]]:
    """Return (conversation, event) of each call."""
    return [(call.event["conversation"]["id"], call.event["id"]) for call in calls]


def hold(line: Line) -> None:
    """Take every receiver, as a process does that is then killed."""
    lease = LeaseTerms(until=line.now + deliver.LEASE, most=10, most_of_account=10)
    assert delivery_leases.acquire(line.acme.work.session, lease, now=line.now, most_each=10)
    line.acme.work.session.commit()


def test_an_assignment_is_told_with_a_signature_that_verifies(acme: Acme, line: Line):
    acme.policy()
    acme.online("Ana")
    with receiver() as heard:
        webhook = line.listen(heard.url)
        [conversation] = acme.waiting(1)
        acme.run()

        line.deliver()

        assert [call.event["event"] for call in heard.calls] == ["assignee_changed", "conversation_updated"]
        assert all(call.is_signed_with(line.secrets[webhook]) for call in heard.calls)
        assert not heard.calls[0].is_signed_with("another")
        assert heard.calls[0].headers["Content-Type"] == "application/json"
        assert heard.calls[0].event["conversation"]["id"] == conversation
        assert [call.delivery for call in heard.calls] == [str(one) for one in line.ids(webhook)]
        assert {one.status for one in line.deliveries(webhook)} == {"delivered"}


def test_a_receiver_that_fails_three_times_gets_everything_in_order_per_conversation(acme: Acme, line: Line):
    first, second = acme.waiting(2)
    with receiver(answer=lambda before: 500 if before in {0, 2, 3} else 200) as heard:
        webhook = line.listen(heard.url)
        line.happens(first, first, second, first)

        for seconds in (0, 5, 30, 120):
            line.deliver(after=seconds * SECOND)

        events = [one.event_id for one in line.deliveries(webhook)]
        assert told(heard.calls) == [
            (first, events[0]),
            (second, events[2]),
            *[(first, events[0])] * 3,
            (first, events[1]),
            (first, events[3]),
        ]
        assert len({call.delivery for call in heard.calls if call.event["id"] == events[0]}) == 1
        assert all(call.is_signed_with(line.secrets[webhook]) for call in heard.calls)
        assert [one.attempts for one in line.deliveries(webhook)] == [4, 1, 1, 1]


def test_a_failing_delivery_is_tried_after_growing_pauses_and_parked_after_a_day(
    acme: Acme, line: Line, queue: Recorded
):
    [conversation] = acme.waiting(1)
    began = line.now
    with receiver(answer=lambda _: 503) as heard:
        webhook = line.listen(heard.url)
        line.happens(conversation)
        line.deliver()
        for seconds in RETRIES:
            line.deliver(after=(seconds - 1) * SECOND)
            before = len(heard.calls)
            line.deliver(after=SECOND)
            assert len(heard.calls) == before + 1
            asked_for = queue.deliveries_at[-1] - line.now
            assert asked_for <= timedelta(hours=1)
        line.deliver(after=began + timedelta(days=1) - line.now)

        [parked] = line.deliveries(webhook)
        assert line.now - began == timedelta(days=1)
        assert (parked.status, parked.response_status, parked.error) == ("parked", 503, "Answered 503.")
        assert parked.attempts == len(heard.calls) == len(RETRIES) + 2
        line.deliver(after=timedelta(days=1))
        assert len(heard.calls) == parked.attempts


def test_what_is_held_back_by_a_parked_delivery_goes_on(acme: Acme, line: Line):
    [conversation] = acme.waiting(1)
    with receiver(answer=lambda before: 400 if before < 2 else 200) as heard:
        webhook = line.listen(heard.url)
        line.happens(conversation)
        line.deliver()
        line.happens(conversation)
        line.deliver(after=SECOND)
        assert len(heard.calls) == 1

        line.deliver(after=timedelta(days=1))

        assert [one.status for one in line.deliveries(webhook)] == ["parked", "delivered"]


def test_a_silent_receiver_is_left_alone_and_then_asked_once(acme: Acme, line: Line):
    """Its deliveries are not tried one after the other, each for its whole time."""
    with receiver() as gone:
        url = gone.url
    webhook = line.listen(url)
    line.happens(*acme.waiting(20))

    line.deliver()
    line.deliver(after=4 * SECOND)
    assert sum(one.attempts for one in line.deliveries(webhook)) == 1

    line.deliver(after=SECOND)
    assert sum(one.attempts for one in line.deliveries(webhook)) == 2


def test_what_a_silent_receiver_missed_for_a_day_is_parked_at_once(acme: Acme, line: Line):
    with receiver() as gone:
        url = gone.url
    webhook = line.listen(url)
    line.happens(*acme.waiting(20))
    line.deliver()

    line.deliver(after=timedelta(days=1))

    assert {(one.status, one.error) for one in line.deliveries(webhook)} == {
        ("parked", "No answer: Connection refused.")
    }


def test_a_receiver_that_answers_with_a_zero_byte_costs_the_others_nothing(acme: Acme, line: Line):
    """Seen to fail with the message of the error: nothing was noted, and the good one was told anew each time."""
    conversations = acme.waiting(3)
    with babbling(b"HTTP/1.1 \0\r\n\r\n") as bad, receiver() as good:
        rude, kind = line.listen(bad.url), line.listen(good.url)
        line.happens(*conversations)

        line.deliver()
        line.deliver(after=4 * SECOND)

        assert len(good.calls) == 3
        assert {one.status for one in line.deliveries(kind)} == {"delivered"}
        assert bad.calls == 1
        first, *others = line.deliveries(rude)
        assert (first.status, first.attempts, first.response_status, first.error) == ("pending", 1, None, NOT_HTTP)
        assert {one.attempts for one in others} == {0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strange(Outgoing):
    """Calls receivers, and hears of one of them something that no table can keep, or fails."""

    url: str
    answer: ReceiverResponse | None

    def post(self, post: Post) -> ReceiverResponse:
        """Return the strange answer for its receiver."""
        answer = Outgoing.post(self, post)
        if post.url != self.url:
            return answer
        if self.answer is None:
            raise RuntimeError("a fault of our own")
        return self.answer


@pytest.mark.parametrize(
    "answer",
    [
        ReceiverResponse(status=2**70),
        ReceiverResponse(error="\0", silent=True),
        ReceiverResponse(status=500, error="\ud800"),
        None,
    ],
    ids=["status", "zero", "half", "fault"],
)
def test_a_result_that_cannot_be_written_costs_only_itself(acme: Acme, line: Line, answer: ReceiverResponse | None):
    """Seen to fail with all results in one statement, and with the fault raised where all are listened to."""
    [conversation] = acme.waiting(1)
    with receiver() as one, receiver() as other:
        line.outgoing = Strange(allow_private=True, url=one.url, answer=answer)
        strange, good = line.listen(one.url), line.listen(other.url)
        line.happens(conversation)

        line.deliver()
        line.deliver(after=4 * SECOND)

        assert [(len(one.calls), len(other.calls))] == [(1, 1)]
        assert [delivery.status for delivery in line.deliveries(good)] == ["delivered"]
        [pending] = line.deliveries(strange)
        assert (pending.status, pending.response_status) == ("pending", None)
        line.deliver(after=SECOND)
        assert len(one.calls) == 2


def test_hanging_receivers_delay_no_other(acme: Acme, line: Line):
    """Both hang until the third has had everything."""
    conversations, seen = acme.waiting(3), []
    with receiver(hangs_for=PATIENCE) as one, receiver(hangs_for=PATIENCE) as two, receiver() as fine:

        def answer(before: int) -> int:
            if before == 2:
                eventually(lambda: one.hanging and two.hanging)
                seen.append((len(one.calls), len(two.calls)))
                for slow in (one, two):
                    slow.released.set()
            return 200

        fine.answer = answer
        for heard in (one, two, fine):
            line.listen(heard.url)
        line.happens(*conversations)

        line.deliver()

        assert len(fine.calls) == 3
        assert seen == [(1, 1)]


def test_receivers_that_hang_are_left_after_their_time_and_not_called_again(acme: Acme, line: Line):
    line.outgoing = IMPATIENT
    conversations = acme.waiting(3)
    with receiver(hangs_for=PATIENCE) as one, receiver(hangs_for=PATIENCE) as two:
        for heard in (one, two):
            line.listen(heard.url)
        line.happens(*conversations)

        line.deliver()

        assert (one.hanging, two.hanging) == (1, 1)
        assert (len(one.calls), len(two.calls)) == (1, 1)


def test_what_happens_while_a_receiver_hangs_is_told_to_the_others(acme: Acme, line: Line):
    first, second = acme.waiting(2)
    seen = []
    with receiver(hangs_for=PATIENCE) as slow, receiver() as fine:
        line.listen(slow.url, Event.CONVERSATION_UPDATED)

        def answer(_: int) -> int:
            seen.append(slow.hanging)
            slow.released.set()
            return 200

        fine.answer = answer

        def happens_again(before: int) -> int:
            slow.answer = lambda _: 200
            line.happens(second, event=Event.CONVERSATION_CREATED)
            return 200

        line.listen(fine.url, Event.CONVERSATION_CREATED)
        line.happens(first)
        slow.answer = happens_again
        line.deliver()

        assert [call.event["conversation"]["id"] for call in fine.calls] == [second]
        assert seen == [1]


def test_a_delivery_cut_short_by_death_is_made_again(acme: Acme, line: Line):
    [conversation] = acme.waiting(1)
    with receiver() as heard:
        webhook = line.listen(heard.url)
        line.happens(conversation)
        deliver.fan_out(acme.work, now=line.now)
        acme.work.finish()
        hold(line)

        line.deliver()
        assert heard.calls == []

        line.deliver(after=deliver.LEASE)
        assert [call.delivery for call in heard.calls] == [str(line.ids(webhook)[0])]


def test_a_name_that_comes_to_mean_a_private_address_is_no_longer_called(acme: Acme, line: Line):
    addresses = ["93.184.216.34"]
    [conversation] = acme.waiting(1)
    with receiver() as inside:
        line.outgoing = Outgoing(allow_private=False, resolve=lambda host, port: addresses)
        webhook = line.listen(inside.url.replace("127.0.0.1", "helpdesk.example"))
        line.happens(conversation)
        addresses[:] = ["127.0.0.1"]

        line.deliver()

        assert inside.calls == []
        assert line.deliveries(webhook)[0].error == NOT_ALLOWED


def test_a_redirect_to_loopback_is_a_refusal(acme: Acme, line: Line):
    with receiver() as inside, receiver(answer=lambda _: 307, location=inside.url) as outside:
        webhook = line.listen(outside.url)
        line.happens(*acme.waiting(1))

        line.deliver()

        assert inside.calls == []
        assert line.deliveries(webhook)[0].error == "Answered 307. Redirects are not followed."


def test_a_thousand_events_are_told_in_seconds(acme: Acme, line: Line):
    conversations = acme.waiting(100)
    with receiver() as heard:
        line.listen(heard.url)
        for _ in range(10):
            line.happens(*conversations)

        with stopwatch() as usable:
            line.deliver()
            assert usable() < 15.0

        assert len(heard.calls) == 1_000
        order = told(heard.calls)
        for conversation in conversations:
            assert [event for one, event in order if one == conversation] == sorted(
                event for one, event in order if one == conversation
            )


def test_several_processes_never_speak_to_one_receiver_at_once(acme: Acme, line: Line, settings: Settings):
    """Seen to fail with the lease left out of what may be taken."""
    conversations = acme.waiting(20)
    speaking = Speaking()
    with receiver(answer=speaking.answer) as heard, ThreadPoolExecutor(4) as pool:
        webhook = line.listen(heard.url)
        for _ in range(10):
            line.happens(*conversations)
        ready = threading.Barrier(4)
        for process in [pool.submit(deliver_alone, line, settings, ready) for _ in range(4)]:
            process.result()

        assert speaking.most == 1
        assert [call.delivery for call in heard.calls] == [str(one) for one in line.ids(webhook)]


@pytest.mark.parametrize("status", [200, 500])
def test_a_webhook_may_be_removed_while_its_answers_are_written_down(
    acme: Acme, line: Line, settings: Settings, status: int
):
    """Seen to fail with deliveries written before the webhook is held: deadlock detected."""
    asked, removing = threading.Event(), threading.Event()

    def answer(_: int) -> int:
        asked.set()
        removing.wait(PATIENCE)
        return status

    with receiver(answer=answer) as heard, ThreadPoolExecutor(1) as pool:
        webhook = line.listen(heard.url)
        line.happens(*acme.waiting(1))
        process = pool.submit(deliver_alone, line, settings, threading.Barrier(1))
        assert asked.wait(PATIENCE)
        assert webhooks.shelf.lock(acme.work.session, acme.account_id, webhook)
        removing.set()
        eventually(lambda: acme.work.session.scalar(WAITS_FOR_A_LOCK))
        acme.work.session.execute(text("DELETE FROM webhooks"))
        acme.work.session.commit()

        process.result(PATIENCE)

    assert line.deliveries(webhook) == []


def test_a_delivery_may_be_asked_for_again_while_its_refusal_is_written_down(
    acme: Acme, line: Line, settings: Settings
):
    """Seen to fail with fan-outs kept still after the delivery is written: deadlock detected."""
    asked, redelivering = threading.Event(), threading.Event()

    def answer(_: int) -> int:
        asked.set()
        redelivering.wait(PATIENCE)
        return 500

    with receiver(answer=answer) as heard, ThreadPoolExecutor(1) as pool:
        webhook = line.listen(heard.url)
        line.happens(*acme.waiting(1))
        process = pool.submit(deliver_alone, line, settings, threading.Barrier(1))
        assert asked.wait(PATIENCE)
        [delivery] = line.ids(webhook)
        outbox.lock_fan_out(acme.work.session)
        redelivering.set()
        eventually(lambda: acme.work.session.scalar(WAITS_FOR_A_LOCK))
        found = acme.work.finished(
            webhooks_service.redeliver(acme.work, acme.account_id, webhook, delivery, actor_id=None, now=line.now)
        )

        process.result(PATIENCE)

    assert found
    assert line.deliveries(webhook)[0].status == "pending"


@dataclass(slots=True)
class Speaking:
    """How many speak to a receiver at once."""

    now: int = 0
    most: int = 0

    def answer(self, _: int) -> int:
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(0.002)
        self.now -= 1
        return 200


def deliver_alone(line: Line, settings: Settings, ready: threading.Barrier) -> None:
    """Deliver as a process of its own would."""
    engine = database.connect(settings.database_url)
    with database.Session(engine, expire_on_commit=False) as session:
        work = build(settings, Recorded()).work(session)
        ready.wait()
        deliver.deliver(work, outgoing=line.outgoing, now=lambda: line.now)
    engine.dispose()
