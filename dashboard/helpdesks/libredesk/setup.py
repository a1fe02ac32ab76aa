"""The set-up of Libredesk: inboxes, agents, their presence, teams with their members, and tags."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dashboard.engine.model import Presence
from dashboard.helpdesks.libredesk.api import TEAMS, USERS, LibredeskApi, MayNot, understood
from dashboard.helpdesks.libredesk.words import Row
from dashboard.helpdesks.values import HelpdeskAgent, HelpdeskInbox, HelpdeskTeam, Setup

ROUND_ROBIN, MANUAL = "Round robin", "Manual"


def read_setup(api: LibredeskApi) -> Setup:
    """Read all of it. The teams take one call for each agent."""
    inboxes, tags, agents, teams = api.rows("/inboxes"), api.rows("/tags"), _agents(api), _teams(api)
    with understood("its set-up"):
        members = _members(api, [str(agent["id"]) for agent in agents])
        return Setup(
            inboxes=[HelpdeskInbox(id=str(one["id"]), name=one["name"], channel=one["channel"]) for one in inboxes],
            agents=[_agent_of(one) for one in agents],
            teams=[_team_of(one, members) for one in teams],
            labels=[one["name"] for one in tags],
        )


def read_presence(api: LibredeskApi) -> Mapping[str, Presence]:
    """Read the presence of all agents, in the same words as Evenhand's."""
    agents = _agents(api)
    with understood("presence"):
        return {str(one["id"]): Presence(_availability(api, one)) for one in agents}


def switch_assignment(api: LibredeskApi, team_id: str, kind: str) -> None:
    """Set how a team assigns; it is sent whole, because a field that is not sent is emptied."""
    with understood("a team"):
        whole = api.get(f"/teams/{team_id}", needs=TEAMS)
        if whole["conversation_assignment_type"] == kind:
            return
        kept = {name: whole[name] for name in whole if name not in {"id", "created_at", "updated_at"}}
    api.send("PUT", f"/teams/{team_id}", {**kept, "conversation_assignment_type": kind}, needs=TEAMS)


def _agents(api: LibredeskApi) -> Sequence[Row]:
    """Return the agents but our own; the list also has assistants, and they are no people."""
    with understood("its agents"):
        own_id = api.get("/agents/me")["id"]
        agents = api.rows("/agents/compact")
        return [one for one in agents if one["type"] == "agent" and one["id"] != own_id]


def _teams(api: LibredeskApi) -> Sequence[Row]:
    """Return the teams; without the permission, those of the short list, which has no types."""
    try:
        return api.rows("/teams", needs=TEAMS)
    except MayNot:
        return api.rows("/teams/compact")


def _members(api: LibredeskApi, agent_ids: Sequence[str]) -> Mapping[str, frozenset[str]] | None:
    """Return the members of each team that has some; None if the key may not read them."""
    members = defaultdict[str, set[str]](set)
    for agent_id in agent_ids:
        try:
            agent = api.get(f"/agents/{agent_id}", needs=USERS)
        except MayNot:
            return None
        for team in agent["teams"] or ():
            members[str(team["id"])].add(agent_id)
    return {team: frozenset(ids) for team, ids in members.items()}


def _availability(api: LibredeskApi, agent: Row) -> str:
    if "availability_status" not in agent:
        agent = api.get(f"/agents/{agent['id']}", needs=USERS)
    return str(agent["availability_status"])


def _agent_of(raw: Row) -> HelpdeskAgent:
    name = " ".join(filter(None, (raw["first_name"], raw["last_name"])))
    return HelpdeskAgent(id=str(raw["id"]), name=name, email=raw["email"], active=raw["enabled"])


def _team_of(raw: Row, members: Mapping[str, frozenset[str]] | None) -> HelpdeskTeam:
    kind = raw.get("conversation_assignment_type")
    return HelpdeskTeam(
        id=str(raw["id"]),
        name=raw["name"],
        own_assignment=None if kind is None else kind != MANUAL,
        member_ids=None if members is None else members.get(str(raw["id"]), frozenset()),
    )
