"""Attempts to deliver to one receiver: the signed request, and the result of each answer."""

import hmac
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from queue import SimpleQueue

from dashboard import clock
from dashboard.http_client.client import Outgoing, Post, ReceiverResponse
from dashboard.store.models.webhooks import DeliveryStatus
from dashboard.store.webhooks.delivery_leases import DeliveryResult, DueDelivery, Lease

RETRIES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
)
LASTS_FOR = timedelta(hours=24)
# An attempt at least this often detects that a receiver works again; its deliveries keep their own retry times.
LONGEST_PAUSE = timedelta(minutes=2)
LAST_BEGINS_WITHIN = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptResult:
    """The answer of a receiver to one delivery."""

    turn: Lease
    due: DueDelivery
    answer: ReceiverResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseEnded:
    """The end of a lease, with the last answer, None if nothing was sent."""

    turn: Lease
    last: ReceiverResponse | None


AttemptMessage = AttemptResult | LeaseEnded


def send_all(outgoing: Outgoing, turn: Lease, told: "SimpleQueue[AttemptMessage]") -> None:
    """Send due deliveries in order; a refusal holds back its conversation's deliveries, no answer ends the lease."""
    until = time.monotonic() + LAST_BEGINS_WITHIN
    held_back: set[int | None] = set()
    last: ReceiverResponse | None = None
    try:
        for due in turn.due:
            if time.monotonic() >= until or (last and last.silent):
                break
            if due.conversation_id in held_back:
                continue
            last = outgoing.post(post(turn, due, at=clock.now()))
            told.put(AttemptResult(turn=turn, due=due, answer=last))
            if not last.accepted and due.conversation_id:
                held_back.add(due.conversation_id)
    finally:
        told.put(LeaseEnded(turn=turn, last=last))


def post(turn: Lease, due: DueDelivery, *, at: datetime) -> Post:
    """Return the request: body and delivery id stay the same at each attempt, the signature is new."""
    body, stamp = due.body.encode(), str(int(at.timestamp()))
    signature = hmac.new(turn.secret.encode(), stamp.encode() + b"." + body, sha256).hexdigest()
    return Post(
        url=turn.url,
        body=body,
        headers={
            "Content-Type": "application/json",
            "User-Agent": "Evenhand",
            "X-Evenhand-Delivery": str(due.id),
            "X-Evenhand-Signature": f"t={stamp},v1={signature}",
        },
    )


def result(heard: AttemptResult, *, now: datetime) -> DeliveryResult:
    """Return the result of an attempt: delivered, pending until its retry, or parked after its deadline."""
    due, answer = heard.due, heard.answer
    again_at = None if answer.accepted else next_attempt_at(due, now)
    failed = DeliveryStatus.PENDING if again_at else DeliveryStatus.PARKED
    return DeliveryResult(
        id=due.id,
        status=DeliveryStatus.DELIVERED if answer.accepted else failed,
        attempts=due.attempts + 1,
        next_attempt_at=again_at,
        response_status=answer.status,
        error=None if answer.accepted else answer.error or _refusal(answer),
        delivered_at=now if answer.accepted else None,
    )


def next_attempt_at(due: DueDelivery, now: datetime) -> datetime | None:
    """Return the instant of the next retry, at most the deadline; None once the deadline has passed."""
    if now >= due.give_up_at:
        return None
    return min(now + RETRIES[min(due.attempts, len(RETRIES) - 1)], due.give_up_at)


def pause_after(silences: int) -> timedelta | None:
    """Return the pause of a receiver after this many attempts in a row without an answer, None after 0."""
    return min(RETRIES[min(silences, len(RETRIES)) - 1], LONGEST_PAUSE) if silences else None


def _refusal(answer: ReceiverResponse) -> str:
    hint = " Redirects are not followed." if answer.status in range(300, 400) else ""
    return f"Answered {answer.status}.{hint}"
