"""Random desks on real stores: who answers what, what they hold and had, and what waits for whom."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st
from redis import Redis
from sqlalchemy import delete, insert

from dashboard.config import Settings
from dashboard.engine.model import AssignmentType, Presence
from dashboard.engine.policy import AssignmentOrder
from dashboard.store.models import InboxMember, TeamMember
from dashboard.store.redis.rate_limits import Reservation
from tests import desks
from tests.desks import AGENTS, NOON, Acme, Recorded

INBOXES = ("Support", "Sales", "Refunds")
TEAMS = {
    "Billing": {"max_auto_assigned_conversations": 2},
    "Night": {"max_auto_assigned_conversations": 4},
    "Returns": {},
    "VIP": {"assignment_type": AssignmentType.MANUAL},
}
LIMIT = st.none() | st.integers(0, 3)
EACH_INBOX = st.sets(st.sampled_from(INBOXES))
AGENT = st.fixed_dictionaries({
    "facts": st.fixed_dictionaries({
        "availability": st.sampled_from([Presence.ONLINE, Presence.ONLINE, Presence.ONLINE, Presence.BUSY]),
        "auto_offline": st.booleans(),
        "active": st.sampled_from([True, True, True, False]),
    }),
    "heard": st.sampled_from([True, True, True, False]),
    "inboxes": EACH_INBOX,
    "teams": st.sets(st.sampled_from(list(TEAMS))),
    "holds": st.dictionaries(st.sampled_from(INBOXES), st.integers(1, 3)),
    "had": st.dictionaries(st.sampled_from(INBOXES), st.integers(1, 3)),
    "limits": st.none() | st.dictionaries(st.sampled_from(INBOXES), st.integers(0, 3)),
    "total": LIMIT,
})  # fmt: skip
POLICY = st.none() | st.fixed_dictionaries({
    "assignment_order": st.sampled_from(AssignmentOrder),
    "fair_distribution_limit": LIMIT,
    "eligible_presence": st.sampled_from([["online"], ["online", "busy"], ["busy"]]),
})  # fmt: skip
WAITS = st.dictionaries(st.sampled_from([None, None, *TEAMS]), st.integers(1, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What stands on a floor: agents by name, policies and what waits by inbox."""

    agents: Mapping[str, dict]
    policies: Mapping[str, dict | None]
    waits: Mapping[str, Mapping[str | None, int]]


FLOORS = st.builds(
    Drawn,
    agents=st.fixed_dictionaries(dict.fromkeys(AGENTS, AGENT)),
    policies=st.fixed_dictionaries(dict.fromkeys(INBOXES, POLICY)),
    waits=st.fixed_dictionaries(dict.fromkeys(INBOXES, WAITS)),
)


@contextmanager
def standing(settings: Settings, drawn: Drawn) -> Iterator[Acme]:
    """Yield Acme with all that was drawn, at noon."""
    with Redis.from_url(settings.redis_url) as client:
        client.flushdb()
    with desks.committed(settings) as session:
        acme = desks.acme(desks.desk_on(session, settings, Recorded()))
        acme.inboxes["Refunds"] = desks.add_inbox(session, acme.account_id, "Refunds")
        session.execute(delete(InboxMember))
        for team, facts in TEAMS.items():
            acme.team(team, **facts)
        for name, facts in drawn.agents.items():
            _seat(acme, name, facts)
        for inbox, rules in drawn.policies.items():
            if rules is not None:
                acme.policy(inbox, **rules)
                _had(acme, inbox, drawn)
            for team, count in drawn.waits[inbox].items():
                acme.waiting(count, inbox, team_id=acme.teams[team] if team else None)
        yield acme


def _seat(acme: Acme, name: str, facts: dict) -> None:
    acme.change_agent(name, **facts["facts"])
    for inbox in sorted(facts["inboxes"]):
        acme.join(inbox, name)
    for team in sorted(facts["teams"]):
        values = {"team_id": acme.teams[team], "user_id": acme.agents[name]}
        acme.work.session.execute(insert(TeamMember).values(account_id=acme.account_id, **values))
    if facts["limits"] is not None:
        acme.capacity(name, facts["limits"], conversation_limit=facts["total"])
    for inbox, count in facts["holds"].items():
        acme.held(name, count, inbox)
    if facts["heard"]:
        acme.online(name)


def _had(acme: Acme, inbox: str, drawn: Drawn) -> None:
    entries = [
        Reservation(agent_id=acme.agents[name], conversation_id=number, at=NOON - timedelta(minutes=number + 1))
        for name, facts in drawn.agents.items()
        for number in range(facts["had"].get(inbox, 0))
    ]
    acme.work.limits.restore(acme.account_id, acme.inboxes[inbox], entries, window=timedelta(hours=1))
