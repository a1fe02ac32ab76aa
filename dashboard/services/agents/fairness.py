"""How evenly runs have shared an inbox's conversations among those who answer it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine.jain_index import jain
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import ledger_page as store
from dashboard.store.agents.ledger_page import AgentShare

DAY, WEEK = timedelta(days=1), timedelta(days=7)
PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessIndex:
    """How many automatic assignments there were, and Jain's index over the members; None when they had none."""

    given: int
    members: int
    index: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFairness:
    """What each agent of an inbox had, a page of them: the first page asked for is the one that `agent_id` is on."""

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
    """Return how an inbox of the account was shared out, as it concerns one agent."""
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
    """Return how even these counts are; those of former members count only in all."""
    members = [count for count, member in shares if member]
    return FairnessIndex(given=sum(count for count, _ in shares), members=len(members), index=jain(members))
