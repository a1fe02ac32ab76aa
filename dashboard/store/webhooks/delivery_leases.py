"""Leases for deliveries: one process at a time calls a webhook.

A delivery is ready at its `next_attempt_at`, which is never before that of an earlier delivery of its conversation. A
failure delays the later ones, and new ones are added behind them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, text, update

from dashboard.store.core.errors import OutOfRange
from dashboard.store.core.texts import kept
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import Counted, CounterKind
from dashboard.store.models import Webhook, WebhookDelivery
from dashboard.store.models.counters import Measure
from dashboard.store.models.webhooks import DeliveryStatus
from dashboard.store.postgres.bulk import json_row, table_of
from dashboard.store.postgres.database import Session
from dashboard.store.webhooks import outbox

log = structlog.get_logger()
# The driver refuses half a character by itself, and Postgres a zero byte or a number beyond its own.
UNWRITABLE = (OutOfRange, UnicodeError)
NOT_KEPT = "The answer cannot be kept."


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDelivery:
    """A delivery to send, with the number of its attempts."""

    id: UUID
    conversation_id: int | None
    attempts: int
    give_up_at: datetime
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A receiver that this process may call until the lease ends, with its ready deliveries in order."""

    account_id: int
    webhook_id: int
    url: str
    secret: str
    silences: int
    held_until: datetime
    due: tuple[DueDelivery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The state of a delivery after an attempt."""

    id: UUID
    status: DeliveryStatus
    attempts: int
    next_attempt_at: datetime | None
    response_status: int | None
    error: str | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseTerms:
    """How long nobody else may speak to a webhook, how many are wanted, and which.

    Not `spoken_to`, which this process still speaks to, whatever became of their leases; nor those that were silent,
    unless `silent_too`. With those that it speaks to, an account gets at most `most_of_account`.
    """

    until: datetime
    most: int
    most_of_account: int
    silent_too: bool = True
    spoken_to: Collection[int] = ()


# One pass over an index, however much waits: a delivery is never to be tried before an earlier one of its conversation.
READY = "d.webhook_id = w.id AND d.status = 'pending' AND d.next_attempt_at <= :now"
# The account with the fewest comes first, and of its receivers the one that was spoken to longest ago: a thousand that
# hang would take every place again as soon as it is free.
TAKE = text(f"""
WITH spoken_to AS (
  SELECT account_id, count(*) AS count FROM webhooks WHERE id = ANY (CAST(:spoken_to AS bigint[])) GROUP BY account_id
), ready AS (
  SELECT w.id, coalesce(s.count, 0)
    + row_number() OVER (PARTITION BY w.account_id ORDER BY w.held_until NULLS FIRST, w.id) AS place
  FROM webhooks w LEFT JOIN spoken_to s ON s.account_id = w.account_id
  WHERE w.enabled AND (w.held_until IS NULL OR w.held_until <= :now) AND w.id <> ALL (CAST(:spoken_to AS bigint[]))
    AND (w.paused_until IS NULL OR w.paused_until <= :now) AND (w.silences = 0 OR :silent_too)
    AND EXISTS (SELECT FROM webhook_deliveries d WHERE {READY}))
UPDATE webhooks SET held_until = :until WHERE id IN (
  SELECT w.id FROM webhooks w JOIN ready ON ready.id = w.id
  WHERE ready.place <= :most_of_account AND w.enabled AND (w.held_until IS NULL OR w.held_until <= :now)
  ORDER BY ready.place, w.held_until NULLS FIRST, w.id LIMIT :most FOR NO KEY UPDATE OF w SKIP LOCKED
) RETURNING account_id, id, url, secret, silences""")
DUE = text(f"""
SELECT w.id AS webhook_id, d.id, d.conversation_id, d.attempts, d.give_up_at, CAST(e.body AS text) AS body
FROM webhooks w CROSS JOIN LATERAL (
  SELECT * FROM webhook_deliveries d WHERE {READY} ORDER BY d.next_attempt_at, d.event_id LIMIT :most
) d JOIN outbox_events e ON e.id = d.event_id
WHERE w.id = ANY (:webhook_ids) ORDER BY w.id, d.next_attempt_at, d.event_id""")
HOLD = text("SELECT id FROM webhooks WHERE id = ANY (:webhook_ids) ORDER BY id FOR KEY SHARE")
HOLD_BACK = text("""
UPDATE webhook_deliveries later SET next_attempt_at = failed.next_attempt_at FROM webhook_deliveries failed
WHERE failed.id = :new_id AND failed.status = 'pending' AND later.status = 'pending'
  AND later.webhook_id = failed.webhook_id AND later.conversation_id = failed.conversation_id
  AND later.event_id > failed.event_id AND later.next_attempt_at < failed.next_attempt_at""")
NEXT = text("""
SELECT min(greatest(w.held_until, w.paused_until, (
  SELECT min(d.next_attempt_at) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.status = 'pending'
))) FROM webhooks w
WHERE w.enabled AND EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.status = 'pending')""")


def acquire(session: Session, lease: LeaseTerms, *, now: datetime, most_each: int) -> list[Lease]:
    """Lease receivers with ready deliveries that no other process calls; return them with these deliveries."""
    taken = session.execute(TAKE, {**json_row(lease), "spoken_to": list(lease.spoken_to), "now": now}).all()
    if not taken:
        return []
    ready = _due(session, [row.id for row in taken], now=now, most=most_each)
    return [
        Lease(
            account_id=row.account_id,
            webhook_id=row.id,
            url=row.url,
            secret=row.secret,
            silences=row.silences,
            held_until=lease.until,
            due=tuple(ready.get(row.id, ())),
        )
        for row in taken
    ]


def extend(session: Session, webhook_ids: Collection[int], results: Iterable[DeliveryResult]) -> None:
    """Take the locks for writing these results in the common order: fan-out, webhooks by id, deliveries.

    Otherwise this write could deadlock with the deletion of a webhook or the repetition of a delivery.
    """
    if any(result.status is DeliveryStatus.PENDING for result in results):
        outbox.lock_fan_out(session)
    session.execute(HOLD, {"webhook_ids": list(webhook_ids)})


def write(session: Session, results: Sequence[DeliveryResult]) -> None:
    """Write the results of attempts, and delay the deliveries after a failure; deliveries not pending are left alone.

    The caller holds the webhooks' locks. A result with an unstorable answer is written without it; others are
    unaffected.
    """
    try:
        _write(session, results)
    except UNWRITABLE:
        for result in results:
            _write_alone(session, result)


def release(session: Session, turn: Lease, *, now: datetime, silences: int, paused_until: datetime | None) -> None:
    """End a lease, unless another process has taken it over."""
    ours = (Webhook.id == turn.webhook_id, Webhook.held_until == turn.held_until)
    values = {"held_until": now, "silences": silences, "paused_until": paused_until}
    session.execute(update(Webhook).where(*ours).values(**values))


def park_overdue(session: Session, webhook_id: int, *, now: datetime, why: str | None) -> None:
    """Park the deliveries that a silent receiver has not accepted in time, tried or not."""
    which = (
        WebhookDelivery.webhook_id == webhook_id,
        WebhookDelivery.status == DeliveryStatus.PENDING,
        WebhookDelivery.give_up_at <= now,
    )
    parked = {"status": DeliveryStatus.PARKED, "next_attempt_at": None, "error": why and kept(why)}
    done = session.execute(update(WebhookDelivery).where(*which).values(**parked))
    metric_counters.add(session, [_counted(DeliveryStatus.PARKED, done.rowcount)])  # type: ignore[attr-defined]


def next_at(session: Session, *, now: datetime) -> datetime | None:
    """Return the instant of the next possible delivery; `now` or earlier means at once."""
    at: datetime | None = session.scalar(NEXT, {"now": now})
    return at


def _write_alone(session: Session, result: DeliveryResult) -> None:
    try:
        _write(session, [result])
    except UNWRITABLE as error:
        log.error("answer_not_kept", delivery=str(result.id), error=str(error))
        _write(session, [replace(result, response_status=None, error=NOT_KEPT)])


def _write(session: Session, results: Iterable[DeliveryResult]) -> None:
    table = table_of(WebhookDelivery)
    rows = [{f"new_{name}": value for name, value in json_row(result).items()} for result in results]
    if not rows:
        return
    changed: dict[str, Any] = {name: bindparam(f"new_{name}") for name in DeliveryResult.__slots__ if name != "id"}
    pending = (table.c.id == bindparam("new_id"), table.c.status == DeliveryStatus.PENDING)
    ended = [row for row in rows if row["new_status"] != DeliveryStatus.PENDING]
    failed = [{"new_id": row["new_id"]} for row in rows if row["new_status"] == DeliveryStatus.PENDING]
    with session.begin_nested():
        session.execute(update(table).where(*pending).values(**changed), rows)
        if failed:
            session.execute(HOLD_BACK, failed)
        metric_counters.add(session, [_counted(row["new_status"]) for row in ended])


def _counted(status: object, count: int = 1) -> Counted:
    return Counted(kind=CounterKind(measure=Measure.DELIVERIES, word=str(status)), count=count)


def _due(session: Session, webhook_ids: Collection[int], *, now: datetime, most: int) -> dict[int, list[DueDelivery]]:
    found: dict[int, list[DueDelivery]] = {}
    for row in session.execute(DUE, {"webhook_ids": list(webhook_ids), "now": now, "most": most}):
        due = DueDelivery(**{name: getattr(row, name) for name in DueDelivery.__slots__})
        found.setdefault(row.webhook_id, []).append(due)
    return found
