"""First responses by their Idempotency-Key, kept for 24 h."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, null, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError

from dashboard.store.models import IdempotentAnswer
from dashboard.store.postgres.database import Session

KEPT_FOR = timedelta(hours=24)
LOCK_NOT_AVAILABLE = "55P03"
CLEARED_AT_ONCE = 100
IDENTITY = (IdempotentAnswer.account_id, IdempotentAnswer.route, IdempotentAnswer.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One key of one account for one route."""

    account_id: int
    route: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResponse:
    """The body's hash of a key's first request, and its response once it exists."""

    body_hash: str
    status: int | None = None
    answer: Any = None


def reserve(session: Session, slot: Slot, body_hash: str, now: datetime) -> bool:
    """Reserve the key in this transaction, so that it is used up by the commit; return False if it is taken.

    A second request waits here for the first one's commit; after the lock timeout it gets False too.
    """
    clear(session, now, most=CLEARED_AT_ONCE)  # more rows than a request adds
    values = {"account_id": slot.account_id, "route": slot.route, "key": slot.key}
    taken = insert(IdempotentAnswer).values(**values, body_hash=body_hash, created_at=now)
    anew = {"body_hash": body_hash, "status": None, "answer": null(), "created_at": now}
    old = IdempotentAnswer.created_at < now - KEPT_FOR
    try:
        spent = taken.on_conflict_do_update(index_elements=IDENTITY, set_=anew, where=old)
        return session.scalar(spent.returning(IdempotentAnswer.key)) is not None
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        session.rollback()
        return False


def find(session: Session, slot: Slot) -> StoredResponse | None:
    """Return the stored response of the key."""
    row = session.execute(
        select(IdempotentAnswer.body_hash, IdempotentAnswer.status, IdempotentAnswer.answer).where(_is(slot))
    ).one_or_none()
    return StoredResponse(body_hash=row.body_hash, status=row.status, answer=row.answer) if row else None


def keep(session: Session, slot: Slot, kept: StoredResponse, now: datetime) -> None:
    """Write the first response in the transaction of its request."""
    values = {"account_id": slot.account_id, "route": slot.route, "key": slot.key, "created_at": now}
    answered = {"body_hash": kept.body_hash, "status": kept.status, "answer": kept.answer}
    written = update(IdempotentAnswer).where(_is(slot)).values(**answered).returning(IdempotentAnswer.key)
    if session.scalar(written) is None:
        session.execute(insert(IdempotentAnswer).values(**values, **answered).on_conflict_do_nothing())


def clear(session: Session, now: datetime, *, most: int) -> int:
    """Delete some responses that are over a day old; return their number."""
    old = select(*IDENTITY).where(IdempotentAnswer.created_at < now - KEPT_FOR).limit(most)
    old = old.with_for_update(skip_locked=True)
    done = session.execute(delete(IdempotentAnswer).where(tuple_(*IDENTITY).in_(old)))
    return int(done.rowcount)  # type: ignore[attr-defined]


def _is(slot: Slot) -> ColumnElement[bool]:
    return tuple_(*IDENTITY) == tuple_(slot.account_id, slot.route, slot.key)
