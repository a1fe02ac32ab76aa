"""Pages of agents, filtered by name, inbox, team and presence."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.engine.model import Presence
from dashboard.services.agents import last_seen
from dashboard.services.agents.last_seen import LastSeen
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import list_page as store
from dashboard.store.agents.list_page import AgentFacts, AskedAgents
from dashboard.store.core.paging import Listed, Page, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentListLine:
    """An agent in a list."""

    facts: AgentFacts
    sighting: LastSeen


def show_all(
    work: UnitOfWork, account_id: int, asked: AskedAgents, *, presence: Presence | None, page: Page, now: datetime
) -> Listed[AgentListLine]:
    """Return one page of the agents that match; a filter by presence reads the presence of all matches."""
    found = store.found(work.session, account_id, asked)
    if presence:
        seen = last_seen.of(work, account_id, found, now=now)
        found = [row for row in found if seen[row.id].presence is presence]
    shown = found[page.offset : page.offset + page.per_page]
    seen = last_seen.of(work, account_id, shown, now=now)
    facts = store.facts(work.session, account_id, [row.id for row in shown])
    lines = (AgentListLine(facts=facts[row.id], sighting=seen[row.id]) for row in shown if row.id in facts)
    return listed(lines, len(found), page)
