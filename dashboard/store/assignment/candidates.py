"""Candidates per inbox with their limits, teams and exclusion rules: one query each, for any number of inboxes."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, text

from dashboard.engine.model import AssignmentType, PoolKey, Presence, Team
from dashboard.engine.policy import ExclusionRules
from dashboard.store.core import skill_keys
from dashboard.store.postgres.database import Session

NO_SKILLS = frozenset[str]()
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
      SELECT inbox_id, user_id, true AS member, NULL::bigint AS team_id, auto_assign
      FROM inbox_members WHERE account_id = :account_id AND inbox_id = ANY(:inbox_ids)
      UNION ALL
      SELECT work.inbox_id, m.user_id, false, m.team_id, m.auto_assign
      FROM unnest(CAST(:work_inboxes AS bigint[]), CAST(:work_teams AS bigint[])) AS work(inbox_id, team_id)
      JOIN team_members m ON m.account_id = :account_id AND m.team_id = work.team_id
    ), people AS (
      SELECT inbox_id, user_id, bool_or(member) AS member, array_remove(array_agg(team_id), NULL) AS team_ids,
        bool_or(member AND NOT auto_assign) AS opted_out,
        array_agg(team_id) FILTER (WHERE NOT auto_assign AND team_id IS NOT NULL) AS opted_out_team_ids
      FROM seats GROUP BY inbox_id, user_id
    ), asking AS MATERIALIZED (
      SELECT inbox.id FROM unnest(CAST(:inbox_ids AS bigint[])) AS inbox(id) WHERE EXISTS (
        SELECT FROM conversations c
        WHERE c.inbox_id = inbox.id AND c.status = 'open' AND c.assignee_id IS NULL AND c.skill_key <> ''
      )
    )
    SELECT p.inbox_id, p.user_id AS agent_id, u.name, u.availability, u.auto_offline, p.member, p.team_ids,
      c.id AS capacity_policy_id, l.conversation_limit AS capacity, c.conversation_limit AS total_capacity,
      p.opted_out, p.opted_out_team_ids, u.skills, c.count_only_unanswered, asking.id IS NOT NULL AS asks_skills
    FROM people p
    LEFT JOIN asking ON asking.id = p.inbox_id
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
SKILLED_POOLS = text(
    """
    SELECT DISTINCT inbox_id, team_id, skill_key FROM conversations
    WHERE inbox_id = ANY(:inbox_ids) AND status = 'open' AND assignee_id IS NULL AND skill_key <> ''
    ORDER BY inbox_id, team_id NULLS FIRST, skill_key
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


class SeatRow(NamedTuple):
    """An active agent who may be asked in an inbox: as its member, or through teams with work there (E11).

    `asks_skills` tells that conversations waiting there require skills (E58).

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
    opted_out: bool = False
    opted_out_team_ids: frozenset[int] = frozenset()
    skills: frozenset[str] = frozenset()
    counts_unanswered: bool = False
    asks_skills: bool = False


def teams_with_work(session: Session, account_id: int, inbox_ids: Collection[int]) -> Sequence[CandidateTeam]:
    """Return the teams with waiting conversations in these inboxes."""
    rows = session.execute(TEAMS_WITH_WORK, {"account_id": account_id, "inbox_ids": list(inbox_ids)})
    return [CandidateTeam(inbox_id=row.inbox_id, team=team_of(row)) for row in rows]


def team_of(row: Row[Any]) -> Team:
    """Return the team of a row."""
    return Team(id=row.id, name=row.name, assignment_type=AssignmentType(row.assignment_type), max_open=row.max_open)


def seats(
    session: Session, account_id: int, inbox_ids: Collection[int], teams: Collection[tuple[int, int]]
) -> Sequence[SeatRow]:
    """Return each inbox's candidates with their limits (E11, E15, E16); `teams` are pairs of inbox and team."""
    rows = session.execute(EVERY_SEAT, _asked(account_id, inbox_ids, teams)).all()
    return list(map(_seat, rows))


def seats_of_agent(
    session: Session, account_id: int, inbox_ids: Collection[int], teams: Collection[tuple[int, int]], *, agent_id: int
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


def skilled_pools(session: Session, inbox_ids: Collection[int]) -> Mapping[int, Sequence[PoolKey]]:
    """Return, by inbox, the pools of waiting conversations that require skills (E58)."""
    found: dict[int, list[PoolKey]] = defaultdict(list)
    for inbox_id, team_id, skill_key in session.execute(SKILLED_POOLS, {"inbox_ids": list(inbox_ids)}):
        found[inbox_id].append(PoolKey(team_id, skill_keys.skills_of(skill_key)))
    return found


def _asked(account_id: int, inbox_ids: Collection[int], teams: Collection[tuple[int, int]]) -> dict[str, object]:
    pairs = sorted(set(teams))
    return {
        "account_id": account_id,
        "inbox_ids": list(inbox_ids),
        "work_inboxes": [inbox_id for inbox_id, _ in pairs],
        "work_teams": [team_id for _, team_id in pairs],
    }


def _seat(row: Sequence[Any]) -> SeatRow:
    # Taken apart at once, as a batch asks for a hundred: name by name took three times as long.
    inbox_id, agent_id, name, availability, auto_offline, member, team_ids, policy_id, capacity, *others = row
    total_capacity, opted_out, opted_out_team_ids, skills, counts_unanswered, asks_skills = others
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
        opted_out=opted_out,
        opted_out_team_ids=frozenset(opted_out_team_ids or ()),
        skills=skill_keys.folded(skills) if skills else NO_SKILLS,
        counts_unanswered=bool(counts_unanswered),
        asks_skills=asks_skills,
    )
