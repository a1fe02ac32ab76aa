"""Agents for the workload board: availability, open conversations, limits and last assignments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, text

from dashboard.engine.model import Presence, Team
from dashboard.store.assignment import candidates
from dashboard.store.assignment.candidates import CandidateTeam, SeatRow
from dashboard.store.assignment.snapshots import AgentRows
from dashboard.store.core.page_values import Scope, Since
from dashboard.store.postgres.database import Session

# Each with their places: the inboxes that they answer, those without members whose teams' work they are asked for, and
# those of which they hold something all the same.
PEOPLE = text(
    """
    WITH places AS (
      SELECT h.agent_id, h.inbox_id, bool_or(h.member) AS member, CAST(sum(h.open) AS int) AS open
      FROM (
        SELECT m.user_id AS agent_id, m.inbox_id, true AS asked, true AS member, 0 AS open
        FROM inbox_members m WHERE m.account_id = :account_id
        UNION ALL
        SELECT o.assignee_id, o.inbox_id, false, false, o.count
        FROM open_counts o WHERE o.account_id = :account_id AND o.assignee_id IS NOT NULL
        UNION ALL
        SELECT m.user_id, work.inbox_id, true, false, 0
        FROM unnest(CAST(:work_inboxes AS bigint[]), CAST(:work_teams AS bigint[])) AS work(inbox_id, team_id)
        JOIN team_members m ON m.account_id = :account_id AND m.team_id = work.team_id
      ) h
      GROUP BY h.agent_id, h.inbox_id HAVING bool_or(h.asked) OR sum(h.open) > 0
    )
    SELECT u.user_id AS id, u.name, u.availability, u.availability_since, u.availability_until, u.auto_offline,
      c.id AS capacity_policy_id, c.conversation_limit AS total_limit,
      ARRAY(SELECT t.team_id FROM team_members t
        WHERE t.account_id = u.account_id AND t.user_id = u.user_id) AS team_ids,
      array_agg(p.inbox_id) AS inbox_ids, array_agg(p.member) AS memberships, array_agg(p.open) AS loads,
      array_agg(l.conversation_limit) AS capacities
    FROM account_users u
    LEFT JOIN agent_capacity_policies c ON c.id = u.agent_capacity_policy_id
    LEFT JOIN places p ON p.agent_id = u.user_id
    LEFT JOIN inbox_capacity_limits l ON l.agent_capacity_policy_id = c.id AND l.inbox_id = p.inbox_id
    WHERE u.account_id = :account_id AND u.active
    GROUP BY u.account_id, u.user_id, c.id
    HAVING bool_or(p.member AND p.inbox_id = ANY(:inbox_ids)) OR CAST(:member_id AS bigint) IS NULL AND EXISTS (
      SELECT FROM team_members m WHERE m.account_id = u.account_id AND m.user_id = u.user_id
    )
    ORDER BY lower(u.name), u.user_id
    """
)
LAST_ASSIGNED = text(
    """
    SELECT agent.id AS agent_id, a.conversation_id, a.at
    FROM unnest(CAST(:agent_ids AS bigint[])) AS agent(id)
    CROSS JOIN LATERAL (
      SELECT a.conversation_id, a.at FROM assignments a
      WHERE a.account_id = :account_id AND a.agent_id = agent.id AND a.inbox_id = ANY(:inbox_ids)
      ORDER BY a.at DESC LIMIT 1
    ) a
    """
)
OLDEST_HELD = text(
    """
    SELECT agent.id AS agent_id, c.id, c.created_at
    FROM unnest(CAST(:agent_ids AS bigint[])) AS agent(id)
    CROSS JOIN LATERAL (
      SELECT c.id, c.created_at FROM conversations c
      WHERE c.account_id = :account_id AND c.assignee_id = agent.id AND c.status = 'open'
        AND c.inbox_id = ANY(:inbox_ids)
      ORDER BY c.created_at, c.id LIMIT 1
    ) c
    """
)
TEAMS = text(
    """
    SELECT id, name, assignment_type, max_auto_assigned_conversations AS max_open
    FROM teams WHERE account_id = :account_id ORDER BY lower(name), id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An agent as the workload board names them, with what they hold in all inboxes, shown or not."""

    id: int
    name: str
    availability: Presence
    availability_since: datetime
    availability_until: datetime | None
    auto_offline: bool
    capacity_policy_id: int | None
    total_limit: int | None
    team_ids: frozenset[int]
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardAgents:
    """The agents of a board by name, and the rows to judge them by: also of inboxes where they only hold something."""

    people: Sequence[Person]
    rows: AgentRows


class _Place(NamedTuple):
    """What an agent holds in one inbox, and may hold there at most."""

    inbox_id: int
    member: bool
    open: int
    capacity: int | None


def read(
    session: Session,
    scope: Scope,
    inbox_ids: Collection[int],
    teams: Sequence[CandidateTeam],
    *,
    left_to_teams: Collection[int],
) -> BoardAgents:
    """Return the active members of these inboxes, and of the teams when the scope is the whole account.

    `teams` have work in these inboxes; `left_to_teams` are the inboxes without members, where the teams' are asked.
    """
    alone = [row for row in teams if row.inbox_id in left_to_teams]
    asked = {
        "account_id": scope.account_id,
        "member_id": scope.member_id,
        "inbox_ids": list(inbox_ids),
        "work_inboxes": [row.inbox_id for row in alone],
        "work_teams": [row.team.id for row in alone],
    }
    work: dict[int, set[int]] = {inbox_id: set() for inbox_id in inbox_ids}
    for row in teams:
        work[row.inbox_id].add(row.team.id)
    people, seats, loads = [], [], {}
    for person, places in map(_person, session.execute(PEOPLE, asked).all()):
        people.append(person)
        loads[person.id] = {place.inbox_id: place.open for place in places}
        seats += [_seat(person, place, work[place.inbox_id]) for place in places if place.inbox_id in work]
    found = AgentRows(account_id=scope.account_id, agent_ids=loads, teams=teams, seats=seats, loads=loads)
    return BoardAgents(people=people, rows=found)


def last_assigned(
    session: Session, account_id: int, agent_ids: Collection[int], inbox_ids: Collection[int]
) -> Mapping[int, Since]:
    """Return each agent's last assignment in these inboxes, with its instant."""
    asked = {"account_id": account_id, "agent_ids": list(agent_ids), "inbox_ids": list(inbox_ids)}
    rows = session.execute(LAST_ASSIGNED, asked).all()
    return {row.agent_id: Since(conversation_id=row.conversation_id, at=row.at) for row in rows}


def oldest_held(
    session: Session, account_id: int, agent_ids: Collection[int], inbox_ids: Collection[int]
) -> Mapping[int, Since]:
    """Return each agent's oldest open conversation in these inboxes, with its creation."""
    asked = {"account_id": account_id, "agent_ids": list(agent_ids), "inbox_ids": list(inbox_ids)}
    rows = session.execute(OLDEST_HELD, asked).all()
    return {row.agent_id: Since(conversation_id=row.id, at=row.created_at) for row in rows}


def teams(session: Session, account_id: int) -> Sequence[Team]:
    """Return the account's teams by name."""
    return [candidates.team_of(row) for row in session.execute(TEAMS, {"account_id": account_id})]


def _person(row: Row[*tuple[Any, ...]]) -> tuple[Person, list[_Place]]:
    # A thousand of these are read much faster in their order than by their names.
    agent_id, name, availability, since, until, auto_offline, policy_id, total_limit, team_ids, *columns = row
    places = [_Place(*place) for place in zip(*columns, strict=True) if place[0] is not None]
    person = Person(
        id=agent_id,
        name=name,
        availability=Presence(availability),
        availability_since=since,
        availability_until=until,
        auto_offline=auto_offline,
        capacity_policy_id=policy_id,
        total_limit=total_limit,
        team_ids=frozenset(team_ids),
        open=sum(place.open for place in places),
    )
    return person, places


def _seat(person: Person, place: _Place, work: set[int]) -> SeatRow:
    return SeatRow(
        inbox_id=place.inbox_id,
        agent_id=person.id,
        name=person.name,
        availability=person.availability,
        auto_offline=person.auto_offline,
        member=place.member,
        team_ids=person.team_ids & work,
        capacity_policy_id=person.capacity_policy_id,
        capacity=place.capacity,
        total_capacity=person.total_limit,
    )
