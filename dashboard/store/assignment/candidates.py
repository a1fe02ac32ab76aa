"""Candidates per inbox with their limits, teams and exclusion rules: one query each, for any number of inboxes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from dashboard.engine.model import AssignmentType, Presence, Team
from dashboard.engine.policy import ExclusionRules
from dashboard.store.postgres.database import Session

# An account has few pairs of team and inbox, and each costs one index probe.
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
SEATS = text(
    """
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
    ORDER BY p.inbox_id, p.user_id
    """
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRow:
    """A candidate: an active member of the inbox, or of a team with waiting conversations there (E11)."""

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
    return [
        CandidateTeam(
            inbox_id=row.inbox_id,
            team=Team(
                id=row.id,
                name=row.name,
                assignment_type=AssignmentType(row.assignment_type),
                max_open=row.max_open,
            ),
        )
        for row in rows
    ]


def seats(
    session: Session, account_id: int, inbox_ids: Collection[int], teams: Sequence[CandidateTeam]
) -> Sequence[SeatRow]:
    """Return each inbox's candidates with their limits (E11, E15, E16)."""
    rows = session.execute(
        SEATS,
        {
            "account_id": account_id,
            "inbox_ids": list(inbox_ids),
            "work_inboxes": [row.inbox_id for row in teams],
            "work_teams": [row.team.id for row in teams],
        },
    ).all()
    return list(map(_seat, rows))


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


def _seat(row: Sequence[Any]) -> SeatRow:
    # Unpacked at once: a batch reads a hundred rows, and access by name took three times as long.
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
