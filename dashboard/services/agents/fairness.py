"""Fairness of an inbox: the automatic assignments of each member, and Jain's index over them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine.statistics.jain_index import jain
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import ledger_page as store
from dashboard.store.agents.ledger_page import AgentShare

DAY, WEEK = timedelta(days=1), timedelta(days=7)
PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessIndex:
    """The number of automatic assignments, and Jain's index over the members; None without assignments."""

    given: int
    members: int
    index: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFairness:
    """One page of an inbox's assignments by agent; without a page number, the page that contains `agent_id`."""

    inbox_id: int
    day: FairnessIndex
    week: FairnessIndex
    own: AgentShare | None
    shares: Sequence[AgentShare]
    page: int
    last_page: int


def of_inbox(
    work: UnitOfWork, account_id: int, inbox_id: int, *, agent_id: int, page: int | None, now: datetime
) -> InboxFairness:
    """Return the fairness of an inbox from the view of one agent."""
    everybody = store.shares(work.session, account_id, inbox_id, day_ago=now - DAY, week_ago=now - WEEK)
    place = next((n for n, share in enumerate(everybody) if share.agent_id == agent_id), None)
    last = max(1, -(-len(everybody) // PER_PAGE))
    shown = min(last, page or (place or 0) // PER_PAGE + 1)
    return InboxFairness(
        inbox_id=inbox_id,
        day=_evenness([(share.day, share.member) for share in everybody]),
        week=_evenness([(share.week, share.member) for share in everybody]),
        own=everybody[place] if place is not None else None,
        shares=everybody[(shown - 1) * PER_PAGE : shown * PER_PAGE],
        page=shown,
        last_page=last,
    )


def _evenness(shares: Sequence[tuple[int, bool]]) -> FairnessIndex:
    """Return Jain's index of these counts; the total includes former members, the index does not."""
    members = [count for count, member in shares if member]
    return FairnessIndex(given=sum(count for count, _ in shares), members=len(members), index=jain(members))
