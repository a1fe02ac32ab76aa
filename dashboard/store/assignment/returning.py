"""Conversations to return: the inboxes with such a rule, the holders there, and what is due of them (E64, E65)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.engine.model import Presence
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

HOLDERS = text("""
SELECT u.account_id, held.inbox_id, u.user_id AS agent_id, u.availability, u.auto_offline, u.availability_since
FROM (
  SELECT account_id, inbox_id, assignee_id FROM open_counts
  WHERE inbox_id = ANY(CAST(:inbox_ids AS bigint[])) AND assignee_id IS NOT NULL
  GROUP BY account_id, inbox_id, assignee_id HAVING sum(count) > 0
) AS held
JOIN account_users u ON u.account_id = held.account_id AND u.user_id = held.assignee_id
ORDER BY u.account_id, held.inbox_id, u.user_id
""")
# Both rules in one statement: the conversations without a reply from their index by assignment, those of absent agents
# from the index of unanswered ones. A row that was found twice is one.
DUE = text("""
SELECT DISTINCT due.account_id, due.inbox_id, due.id, due.assigned_at FROM (
  SELECT c.* FROM unnest(
    CAST(:inbox_ids AS bigint[]), CAST(:no_reply_ats AS timestamptz[]), CAST(:by_hand AS boolean[]),
    CAST(:most_returns AS bigint[])
  ) AS rule(inbox_id, no_reply_at, by_hand, most)
  CROSS JOIN LATERAL (
    SELECT account_id, inbox_id, id, assigned_at FROM conversations
    WHERE inbox_id = rule.inbox_id AND status = 'open' AND assignee_id IS NOT NULL
      AND (replied_at IS NULL OR replied_at < assigned_at) AND assigned_at <= rule.no_reply_at
      AND (assigned_by_engine OR rule.by_hand) AND (returns >= rule.most) = :used_up
    ORDER BY assigned_at, id LIMIT :limit
  ) AS c
  UNION ALL
  SELECT c.* FROM unnest(
    CAST(:absent_accounts AS bigint[]), CAST(:absent_inboxes AS bigint[]), CAST(:absent_agents AS bigint[]),
    CAST(:absent_ats AS timestamptz[]), CAST(:absent_by_hand AS boolean[]), CAST(:absent_most AS bigint[])
  ) AS rule(account_id, inbox_id, agent_id, absent_at, by_hand, most)
  CROSS JOIN LATERAL (
    SELECT account_id, inbox_id, id, assigned_at FROM conversations
    WHERE account_id = rule.account_id AND assignee_id = rule.agent_id AND inbox_id = rule.inbox_id
      AND status = 'open' AND awaiting = 'agent' AND assigned_at <= rule.absent_at
      AND (assigned_by_engine OR rule.by_hand) AND (returns >= rule.most) = :used_up
    ORDER BY assigned_at, id LIMIT :limit
  ) AS c
) AS due
ORDER BY due.assigned_at, due.id LIMIT :limit
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRow:
    """An agent with open conversations in an inbox, and the fields that determine their presence."""

    account_id: int
    inbox_id: int
    agent_id: int
    availability: Presence
    auto_offline: bool
    availability_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRule:
    """The rule of one inbox at a moment: the limits of the engine, and which conversations it is about.

    `absent` are the holders who are absent long enough.
    """

    account_id: int
    inbox_id: int
    by_hand: bool
    most_returns: int
    no_reply_at: datetime | None
    absent_at: datetime | None
    absent: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DueReturn:
    """A conversation that a rule is about."""

    account_id: int
    inbox_id: int
    conversation_id: int


def holders(session: Session, inbox_ids: Collection[int]) -> Sequence[HolderRow]:
    """Return the agents with open conversations in these inboxes, for any number of accounts."""
    if not inbox_ids:
        return ()
    rows = session.execute(HOLDERS, {"inbox_ids": bind_array(inbox_ids)})
    return [HolderRow(**{**row._mapping, "availability": Presence(row.availability)}) for row in rows]


def due(session: Session, rules: Collection[ReturnRule], *, used_up: bool, most: int) -> Sequence[DueReturn]:
    """Return the first conversations that these rules return now, or would return were their returns not used up."""
    replies = [rule for rule in rules if rule.no_reply_at]
    absences = [(rule, agent_id) for rule in rules if rule.absent_at for agent_id in rule.absent]
    asked = {
        "inbox_ids": bind_array(rule.inbox_id for rule in replies),
        "no_reply_ats": bind_array(rule.no_reply_at for rule in replies),
        "by_hand": bind_array(rule.by_hand for rule in replies),
        "most_returns": bind_array(rule.most_returns for rule in replies),
        "absent_accounts": bind_array(rule.account_id for rule, _ in absences),
        "absent_inboxes": bind_array(rule.inbox_id for rule, _ in absences),
        "absent_agents": bind_array(agent_id for _, agent_id in absences),
        "absent_ats": bind_array(rule.absent_at for rule, _ in absences),
        "absent_by_hand": bind_array(rule.by_hand for rule, _ in absences),
        "absent_most": bind_array(rule.most_returns for rule, _ in absences),
    }
    rows = session.execute(DUE, {**asked, "used_up": used_up, "limit": most})
    return [DueReturn(account_id=row.account_id, inbox_id=row.inbox_id, conversation_id=row.id) for row in rows]
