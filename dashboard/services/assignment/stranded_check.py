"""The stranded check: finds waiting conversations that an agent could take, reports them, and starts runs (E53)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Source
from dashboard.engine.model import ConnectionMode, Inbox, Snapshot
from dashboard.engine.policy import AssignmentPolicy
from dashboard.services.assignment.waiting_filter import with_waiting
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import snapshots, stranded
from dashboard.store.assignment.snapshots import RoutedInbox
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from dashboard.store.inboxes import routing

log = structlog.get_logger()
# A run may be under way: only what is still there after this long was left.
STRANDED_AFTER = timedelta(seconds=5)
CHECKED_EVERY = timedelta(minutes=1)
# Two turns were missed: each check comes a moment late, and one that finds something is noted when that is confirmed.
STALE_AFTER = 2 * (CHECKED_EVERY + STRANDED_AFTER)
# Of one inbox; one is enough to start a run.
MOST_NAMED = 100

Suspects = Mapping[int, Mapping[int, Sequence[int]]]


def suspects(work: UnitOfWork, *, now: datetime) -> Suspects:
    """Return what somebody could take at this moment, by account and inbox; the rest is noted as fine.

    One query finds the inboxes, so the cost grows with those that have work. Finishes the unit of work, so that what
    follows sees the note. Raises StoreUnavailable.
    """
    seen = _everywhere(work, now)
    stranded.clear_stranded(work.session, but=[account for account, found in seen.items() if found != {}], now=now)
    work.finish()
    return _with_any(seen)


def is_stale(checked_at: datetime | None, *, now: datetime) -> bool:
    """Return whether the check has missed two intervals since then."""
    return checked_at is not None and now - checked_at > STALE_AFTER


def confirm(work: UnitOfWork, named: Suspects, *, now: datetime) -> int:
    """Return how many of these are still there, which is a defect: log it, note it, and start runs.

    Each account is a unit of work.
    """
    total = 0
    for account_id, inboxes in sorted(named.items()):
        again = _checked(work, account_id, list(inboxes), now)
        if again is None:
            continue
        left = {inbox: sorted(set(ids) & set(again.get(inbox, ()))) for inbox, ids in inboxes.items()}
        left = {inbox: ids for inbox, ids in left.items() if ids}
        count = sum(map(len, left.values()))
        stranded.set_stranded(work.session, account_id, count, now)
        work.finish()
        if left:
            log.error("stranded", account=account_id, inboxes=left)
            work.signals.wake_anew(account_id, list(left), Source.PERIODIC)
        total += count
    return total


def watch(work: UnitOfWork, *, now: datetime) -> int:
    """Start runs for inboxes with assignable conversations if no run is queued; return the number of inboxes.

    A trigger is lost with its process, with the job's worker, or with Redis, but Postgres keeps the conversations.
    Queued runs may be for these inboxes, and each run reads all waiting conversations of its inbox.
    Raises StoreUnavailable.
    """
    if work.signals.queue.background().runs_to_come:
        return 0
    found = _with_any(_everywhere(work, now))
    work.abandon()
    for account_id, inboxes in found.items():
        work.signals.wake_anew(account_id, list(inboxes), Source.PERIODIC)
    return sum(map(len, found.values()))


def _everywhere(work: UnitOfWork, now: datetime) -> dict[int, dict[int, list[int]] | None]:
    """Return the assignable conversations by account and inbox; None for an account with a failed check."""
    routed = routing.routed_with_work(work.session)
    return {account_id: _checked(work, account_id, inboxes, now) for account_id, inboxes in routed.items()}


def _with_any(seen: Mapping[int, dict[int, list[int]] | None]) -> dict[int, dict[int, list[int]]]:
    return {account_id: found for account_id, found in seen.items() if found}


def _checked(work: UnitOfWork, account_id: int, inboxes: Sequence[int], now: datetime) -> dict[int, list[int]] | None:
    """Return the assignable conversations; log an error and return None, so that other accounts are checked (E43)."""
    try:
        return _assignable(work, account_id, inboxes, now)
    except (StoreUnavailable, DatabaseFailed):
        raise
    except Exception as error:  # noqa: BLE001  whatever another program wrote
        log.error("account_not_checked", account=account_id, error=f"{type(error).__name__}: {error}")
        work.abandon()
        return None


def _assignable(work: UnitOfWork, account_id: int, inbox_ids: Sequence[int], now: datetime) -> dict[int, list[int]]:
    """Plan these inboxes and return the conversations that the plans assign."""
    routings = routing.read_many(work.session, account_id, inbox_ids)
    places = [
        RoutedInbox(inbox=found.inbox, policy=found.policy, uses=found.uses)
        for found in routings
        if found.policy and _is_assigned(found.inbox, found.policy, now)
    ]
    seen = snapshots.read(work.session, work.gauges, places, now=now)
    named = {inbox_id: _given_out(work, snapshot, now) for inbox_id, snapshot in seen.items()}
    return {inbox_id: ids for inbox_id, ids in named.items() if ids}


def _is_assigned(inbox: Inbox, policy: AssignmentPolicy, now: datetime) -> bool:
    """Return whether runs assign in this inbox; in a shadow inbox they only decide (C19)."""
    return planner.switched_off(inbox, policy, now) is None and inbox.mode is not ConnectionMode.SHADOW


def _given_out(work: UnitOfWork, snapshot: Snapshot, now: datetime) -> list[int]:
    plan = planner.plan(with_waiting(work, snapshot, most=MOST_NAMED, now=now).snapshot, now, most=MOST_NAMED)
    return [decision.conversation_id for decision in plan.decisions if isinstance(decision, Assign)]
