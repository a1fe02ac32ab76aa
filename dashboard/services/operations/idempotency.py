"""Idempotency keys: requests with the same key execute once."""

import time
from datetime import datetime, timedelta

from dashboard.services.core.refusals import Conflict
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.operations import idempotency as store
from dashboard.store.operations.idempotency import Slot, StoredResponse

__all__ = ["Slot", "StoredResponse", "first_answer", "keep"]

# Who has waited for the first in vain, as long as for any lock, looks for so long again.
ANSWER_COMES_WITHIN = timedelta(seconds=2)
LOOKED_EVERY = timedelta(milliseconds=50)


def first_answer(work: UnitOfWork, slot: Slot, body_hash: str, *, now: datetime) -> StoredResponse | Conflict | None:
    """Return the stored answer of this key; after None, the caller executes the request in this transaction."""
    if store.reserve(work.session, slot, body_hash, now):
        return None
    kept = _found(work, slot)
    if kept and kept.body_hash != body_hash:
        return Conflict(sentence="This Idempotency-Key was used with another body.")
    if kept and kept.status:
        return kept
    return Conflict(sentence="The first request under this Idempotency-Key has given no answer yet.")


def keep(work: UnitOfWork, slot: Slot, kept: StoredResponse, *, now: datetime) -> None:
    """Write the answer beside the work, in one transaction: whoever did not hear it is given the same again."""
    store.keep(work.session, slot, kept, now)


def _found(work: UnitOfWork, slot: Slot) -> StoredResponse | None:
    """Look, in units of their own, until the answer is there or its time is up."""
    for _ in range(ANSWER_COMES_WITHIN // LOOKED_EVERY):
        kept = store.find(work.session, slot)
        work.finish()
        if kept is None or kept.status:
            return kept
        time.sleep(LOOKED_EVERY.total_seconds())
    return kept
