"""Candidates per inbox with their limits, teams and exclusion rules: one query each, for any number of inboxes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, text

from dashboard.engine.model import AssignmentType, Presence, Team
from dashboard.engine.policy import ExclusionRules
from dashboard.store.postgres.database import Session

# The (account's teams x inboxes) pairs are few, and each costs one index probe.
TEAMS_WITH_WORK = text(
    """
    SELECT i.id AS inbox_id, t.id, t.name, t.assignment_type, t.max_auto_assigned_conversations AS max_open
    FROM teams t JOIN inboxes i ON i.account_id = t.account_id
    WHERE t.account_id = :account_id AND i.id = ANY(:inbox_ids) AND EXISTS (
      SELECT FROM conversations c
      WHERE c.inbox_id = i.id AND c.team_id = t.id AND c.status = 'open' AND c.assignee_id IS NULL
    )
    ORDER BY i.id, t.id
    """
)
SEATS = """
    WITH seats AS (
      SELECT inbox_id, user_id, true AS member, NULL::bigint AS team_id
      FROM inbox_members WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids)
      UNION ALL
      SELECT work.inbox_id, m.user_id, false, m.team_id
      FROM unnest(CAST(:work_inboxes AS bigint[]), CAST(:work_teams AS bigint[])) AS work(inbox_id, team_id)
      JOIN team_members m ON m.account_id = :account_id AND m.team_id = work.team_id
    ), people AS (
      SELECT inbox_id, user_id, bool_or(member) AS member, array_remove(array_agg(team_id), NULL) AS team_ids
      FROM seats GROUP BY inbox_id, user_id
    )
    SELECT p.inbox_id, p.user_id AS agent_id, u.name, u.availability, u.auto_offline, p.member, p.team_ids,
      c.id AS capacity_policy_id, l.conversation_limit AS capacity, c.conversation_limit AS total_capacity
    FROM people p
    JOIN account_users u ON u.account_id = :account_id AND u.user_id = p.user_id AND u.active
    LEFT JOIN agent_capacity_policies c ON c.id = u.agent_capacity_policy_id
    LEFT JOIN inbox_capacity_limits l ON l.agent_capacity_policy_id = c.id AND l.inbox_id = p.inbox_id
    {which}
    ORDER BY p.inbox_id, p.user_id
"""
EVERY_SEAT = text(SEATS.format(which=""))
# Without the agents beside them nobody sees that an inbox has members, so that its teams' others are not asked.
SEATS_OF_AGENT = text(
    SEATS.format(
        which="""
        WHERE p.user_id = :agent_id AND (p.member OR NOT EXISTS (
          SELECT FROM inbox_members m
          JOIN account_users a ON a.account_id = m.account_id AND a.user_id = m.user_id AND a.active
          WHERE m.inbox_id = p.inbox_id
        ))
        """
    )
)
EXCLUSIONS = text(
    """
    SELECT l.inbox_id, c.id, c.name, c.excluded_labels, c.exclude_older_than_hours
    FROM inbox_capacity_limits l JOIN agent_capacity_policies c ON c.id = l.agent_capacity_policy_id
    WHERE c.account_id = :account_id AND l.inbox_id = ANY(:inbox_ids)
    ORDER BY c.id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateTeam:
    """A team with waiting conversations in an inbox."""

    inbox_id: int
    team: Team


class SeatRow(NamedTuple):
    """An active agent who may be asked in an inbox: as its member, or through teams with work there (E11).

    A tuple, as a board has thousands: a frozen dataclass takes three times as long to make.
    """

    inbox_id: int
    agent_id: int
    name: str
    availability: Presence
    auto_offline: bool
    member: bool
    team_ids: frozenset[int]
    capacity_policy_id: int | None
    capacity: int | None
    total_capacity: int | None


def teams_with_work(session: Session, account_id: int, inbox_ids: Collection[int]) -> Sequence[CandidateTeam]:
    """Return the teams with waiting conversations in these inboxes."""
    rows = session.execute(TEAMS_WITH_WORK, {"account_id": account_id, "inbox_ids": list(inbox_ids)})
    return [CandidateTeam(inbox_id=row.inbox_id, team=team_of(row)) for row in rows]


def team_of(row: Row[Any]) -> Team:
    """Return the team of a row."""
    return Team(id=row.id, name=row.name, assignment_type=AssignmentType(row.assignment_type), max_open=row.max_open)


def seats(
    session: Session, account_id: int, inbox_ids: Collection[int], teams: Sequence[CandidateTeam]
) -> Sequence[SeatRow]:
    """Return each inbox's candidates with their limits (E11, E15, E16)."""
    rows = session.execute(EVERY_SEAT, _asked(account_id, inbox_ids, teams)).all()
    return list(map(_seat, rows))


def seats_of_agent(
    session: Session, account_id: int, inbox_ids: Collection[int], teams: Sequence[CandidateTeam], *, agent_id: int
) -> Sequence[SeatRow]:
    """Return where one agent may be asked, with their limits (E11, E15, E16)."""
    asked = {**_asked(account_id, inbox_ids, teams), "agent_id": agent_id}
    return list(map(_seat, session.execute(SEATS_OF_AGENT, asked).all()))


def exclusions(
    session: Session, account_id: int, inbox_ids: Collection[int]
) -> Mapping[int, tuple[ExclusionRules, ...]]:
    """Return, by inbox, the exclusion rules of the capacity policies with a limit for the inbox (E5)."""
    rows = session.execute(EXCLUSIONS, {"account_id": account_id, "inbox_ids": list(inbox_ids)})
    found: dict[int, tuple[ExclusionRules, ...]] = defaultdict(tuple)
    for row in rows:
        rules = ExclusionRules(
            policy_id=row.id,
            policy_name=row.name,
            excluded_labels=tuple(label for label in row.excluded_labels if label is not None),
            exclude_older_than_hours=row.exclude_older_than_hours,
        )
        if rules.excluded_labels or rules.exclude_older_than_hours is not None:
            found[row.inbox_id] += (rules,)
    return found


def _asked(account_id: int, inbox_ids: Collection[int], teams: Sequence[CandidateTeam]) -> dict[str, object]:
    return {
        "account_id": account_id,
        "inbox_ids": list(inbox_ids),
        "work_inboxes": [row.inbox_id for row in teams],
        "work_teams": [row.team.id for row in teams],
    }


def _seat(row: Sequence[Any]) -> SeatRow:
    # Taken apart at once, as a batch asks for a hundred: name by name took three times as long.
    inbox_id, agent_id, name, availability, auto_offline, member, team_ids, policy_id, capacity, total_capacity = row
    return SeatRow(
        inbox_id=inbox_id,
        agent_id=agent_id,
        name=name,
        availability=Presence(availability),
        auto_offline=auto_offline,
        member=member,
        team_ids=frozenset(team_ids),
        capacity_policy_id=policy_id,
        capacity=capacity,
        total_capacity=total_capacity,
    )
