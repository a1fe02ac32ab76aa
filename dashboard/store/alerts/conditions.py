"""Figures that alert rules look at, by inbox, each in one query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.engine.model import Presence
from dashboard.store.postgres.database import Session

WAITING = text("""
SELECT inbox_id, count(*) AS waiting, min(waiting_since) AS oldest_since FROM conversations
WHERE account_id = :account_id AND status = 'open' AND assignee_id IS NULL GROUP BY inbox_id""")
OVERDUE = text("""
SELECT inbox_id, count(*) AS overdue FROM conversations
WHERE account_id = :account_id AND status = 'open' AND assignee_id IS NULL AND due_at <= :before GROUP BY inbox_id""")
INBOXES = text("SELECT id, name FROM inboxes WHERE account_id = :account_id ORDER BY id")
MEMBERS = text("""
SELECT m.inbox_id, u.user_id, u.availability, u.auto_offline FROM inbox_members m
JOIN account_users u ON u.account_id = m.account_id AND u.user_id = m.user_id AND u.active
WHERE m.account_id = :account_id""")
BY_RUNS = text("""
SELECT inbox_id, array_agg(count) AS counts FROM (
  SELECT s.inbox_id, s.agent_id, count(*) AS count
  FROM inboxes i JOIN assignments s ON s.inbox_id = i.id AND s.at > :since
  WHERE i.account_id = :account_id AND s.run_id IS NOT NULL AND s.agent_id IS NOT NULL
  GROUP BY s.inbox_id, s.agent_id
) agents GROUP BY inbox_id""")


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFigures:
    """The number of waiting conversations of an inbox, and since when the oldest waits."""

    count: int
    oldest_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPresence:
    """What an active member's presence depends on, beside their heartbeat."""

    inbox_id: int
    user_id: int
    availability: Presence
    auto_offline: bool


def inbox_names(session: Session, account_id: int) -> Mapping[int, str]:
    """Return the names of the account's inboxes."""
    return {row.id: row.name for row in session.execute(INBOXES, {"account_id": account_id})}


def waiting(session: Session, account_id: int) -> Mapping[int, WaitingFigures]:
    """Return the figures of the inboxes with waiting conversations."""
    rows = session.execute(WAITING, {"account_id": account_id})
    return {row.inbox_id: WaitingFigures(count=row.waiting, oldest_since=row.oldest_since) for row in rows}


def overdue(session: Session, account_id: int, *, before: datetime) -> Mapping[int, int]:
    """Return, by inbox, the number of waiting conversations that were due by then (E54)."""
    rows = session.execute(OVERDUE, {"account_id": account_id, "before": before})
    return {row.inbox_id: row.overdue for row in rows}


def members(session: Session, account_id: int) -> Sequence[MemberPresence]:
    """Return the active members of all inboxes."""
    rows = session.execute(MEMBERS, {"account_id": account_id})
    return [MemberPresence(**{**row._mapping, "availability": Presence(row.availability)}) for row in rows]


def given_by_runs(session: Session, account_id: int, *, since: datetime) -> Mapping[int, Sequence[int]]:
    """Return, by inbox, the numbers of conversations that runs have assigned to each agent since then."""
    rows = session.execute(BY_RUNS, {"account_id": account_id, "since": since})
    return {row.inbox_id: row.counts for row in rows}
