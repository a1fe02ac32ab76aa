"""How far the textbook fits each inbox (T21)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.simulation.textbooks.fits import Fit, at_once, fit
from dashboard.store.core.page_values import Choice, Scope
from dashboard.store.trust import textbook_measures as store
from dashboard.store.trust.textbook_measures import HandledConversation

LOOKS_BACK = timedelta(days=7)
HOUR, SPAN = timedelta(hours=1), timedelta(minutes=5)
SPANS = HOUR // SPAN


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFit:
    """An inbox with its measures."""

    inbox: Choice
    fit: Fit


def of_account(work: UnitOfWork, scope: Scope, *, now: datetime) -> Sequence[InboxFit]:
    """Return the measures of the newest conversations in each inbox of the scope."""
    handled = store.newest(work.session, scope.account_id, now - LOOKS_BACK)
    inboxes = store.inboxes(work.session, scope)
    return [InboxFit(inbox=inbox, fit=_fit(handled.get(inbox.id, ()), now)) for inbox in inboxes]


def _fit(conversations: Sequence[HandledConversation], now: datetime) -> Fit:
    done = [one for one in conversations if one.assigned_at and one.resolved_at]
    held: dict[int, list[tuple[float, float]]] = defaultdict(list)
    for one in conversations:
        if one.agent_id is not None and one.assigned_at:
            held[one.agent_id].append((one.assigned_at.timestamp(), (one.resolved_at or now).timestamp()))
    return fit(
        _by_hour([one.created_at for one in conversations], now),
        [(one.resolved_at - one.assigned_at) / SPAN for one in done if one.resolved_at and one.assigned_at],
        at_once(held.values()),
    )


def _by_hour(instants: Sequence[datetime], now: datetime) -> Sequence[Sequence[int]]:
    """Return the arrivals of each five minutes of the whole hours."""
    hours: dict[datetime, list[int]] = defaultdict(lambda: [0] * SPANS)
    for at in instants:
        hour = at.replace(minute=0, second=0, microsecond=0)
        hours[hour][(at - hour) // SPAN] += 1
    # The first and the last hour may be there in part.
    return [hours[hour] for hour in sorted(hours) if min(hours) < hour <= now - HOUR]
