"""Retention: removal of old runs, delivered events, answers to repeated requests, log-outs, and what helpdesks told.

The ledger and the audit log stay: assignments are readable after the removal of their runs.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from dashboard.services.accounts import sessions
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import sessions as ended_sessions
from dashboard.store.helpdesks import history as helpdesk_history
from dashboard.store.operations import idempotency, retention
from dashboard.store.postgres.database import Session
from dashboard.store.trust import conversation_history, presence_history

log = structlog.get_logger()
AT_ONCE = 1_000
HEARD_KEPT_FOR = timedelta(hours=24)
# A request that was under way may have written the cookie a little later.
SESSIONS_KEPT_FOR = sessions.LASTS_FOR + timedelta(days=1)
# In all, so that the runs of the inboxes that are behind do not wait longer for a worker.
LASTS_FOR = 2.0

Remove = Callable[[int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """The numbers of removed rows, and whether more may remain."""

    runs: int
    events: int
    answers: int
    sessions: int
    alerts: int
    writes: int
    conflicts: int
    shadow_decisions: int
    presence_changes: int
    conversation_changes: int
    is_more: bool


def remove_old(work: UnitOfWork, *, now: datetime, lasts_for: float = LASTS_FOR) -> Removed:
    """Remove what is older than it is kept, in small units of work, until nothing is left or the time is up."""
    removers = _removers(work.session, now - timedelta(days=work.settings.run_retention_days), now)
    counts, left, until = Counter[str](), set(removers), time.monotonic() + lasts_for
    while left and time.monotonic() < until:
        # In turns: a backlog of one kind keeps no other waiting.
        for kind in sorted(left):
            done = removers[kind](AT_ONCE)
            work.finish()
            counts[kind] += done
            left -= {kind} if done < AT_ONCE else set()
    if counts.total():
        log.info("removed_old", **counts, is_more=bool(left))
    return Removed(**{kind: counts[kind] for kind in removers}, is_more=bool(left))


def forget_heard(work: UnitOfWork, *, now: datetime) -> int:
    """Delete what was heard of helpdesks and done there a day ago (C5), in small units of work."""
    total, until = 0, time.monotonic() + LASTS_FOR
    while time.monotonic() < until:
        done = helpdesk_history.remove_events(work.session, before=now - HEARD_KEPT_FOR, most=AT_ONCE)
        work.finish()
        total += done
        if done < AT_ONCE:
            break
    return total


def _removers(session: Session, before: datetime, now: datetime) -> dict[str, Remove]:
    return {
        "runs": lambda most: retention.remove_runs(session, before=before, most=most),
        "events": lambda most: retention.remove_events(session, before=before, most=most),
        "answers": lambda most: idempotency.clear(session, now, most=most),
        "alerts": lambda most: retention.remove_alerts(session, before=before, most=most),
        "writes": lambda most: helpdesk_history.remove_writes(session, before=before, most=most),
        "conflicts": lambda most: helpdesk_history.remove_conflicts(session, before=before, most=most),
        "shadow_decisions": lambda most: helpdesk_history.remove_shadow_decisions(session, before=before, most=most),
        "presence_changes": lambda most: presence_history.remove(session, before=before, most=most),
        "conversation_changes": lambda most: conversation_history.remove(session, before=before, most=most),
        "sessions": lambda most: ended_sessions.forget_ended(session, before=now - SESSIONS_KEPT_FOR, most=most),
    }
