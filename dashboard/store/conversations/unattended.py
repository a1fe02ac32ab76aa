"""Open conversations of absent agents, and of agents outside the conversation's inbox."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from dashboard.engine.model import Presence
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# The conversations' teams answer an inbox without members (E11).
ANSWERS = """(
  EXISTS (SELECT FROM inbox_members m WHERE m.inbox_id = held.inbox_id AND m.user_id = held.assignee_id)
  OR held.team_id IS NOT NULL
    AND EXISTS (SELECT FROM team_members t WHERE t.team_id = held.team_id AND t.user_id = held.assignee_id)
    AND NOT EXISTS (SELECT FROM inbox_members m WHERE m.inbox_id = held.inbox_id)
)"""
ABSENT = "held.assignee_id = ANY(CAST(:absent_ids AS bigint[]))"
HOLDERS = text("""
SELECT u.user_id AS id, u.availability, u.auto_offline
FROM account_users u WHERE u.account_id = :account_id AND u.user_id IN (
  SELECT assignee_id FROM open_counts
  WHERE account_id = :account_id AND inbox_id = ANY(CAST(:inbox_ids AS bigint[])) AND assignee_id IS NOT NULL
  GROUP BY assignee_id HAVING sum(count) > 0
)
""")
# Reads the counters, and unanswered customers from an index of only those conversations.
HELD = text(f"""
WITH counted AS (
  SELECT inbox_id, assignee_id, team_id, sum(count) AS open FROM open_counts
  WHERE account_id = :account_id AND inbox_id = ANY(CAST(:inbox_ids AS bigint[])) AND assignee_id IS NOT NULL
  GROUP BY inbox_id, assignee_id, team_id HAVING sum(count) > 0
), held AS MATERIALIZED (
  SELECT * FROM (SELECT held.*, {ANSWERS} AS answers FROM counted held) AS held WHERE NOT answers OR {ABSENT}
)
SELECT held.inbox_id, held.answers, count(DISTINCT held.assignee_id) AS agents, CAST(sum(held.open) AS bigint) AS open,
  CAST(sum((
    SELECT count(*) FROM conversations c
    WHERE c.account_id = :account_id AND c.assignee_id = held.assignee_id AND c.inbox_id = held.inbox_id
      AND c.team_id IS NOT DISTINCT FROM held.team_id AND c.status = 'open' AND c.awaiting = 'agent'
  )) AS bigint) AS unanswered
FROM held GROUP BY held.inbox_id, held.answers
""")
IDS = """
SELECT held.id FROM conversations held
WHERE held.account_id = :account_id AND held.inbox_id = :inbox_id AND held.status = 'open'
  AND held.assignee_id IS NOT NULL AND <which> ORDER BY held.id LIMIT :most
"""
IDS_OF_ABSENT = text(IDS.replace("<which>", f"{ABSENT} AND {ANSWERS}"))
IDS_OF_OTHERS = text(IDS.replace("<which>", f"NOT {ANSWERS}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An agent with open conversations, and the fields that determine their presence."""

    id: int
    availability: Presence
    auto_offline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """Open conversations of an inbox by absent members (`answers`) or by agents outside the inbox."""

    inbox_id: int
    answers: bool
    agents: int
    open: int
    unanswered: int


def holders(session: Session, account_id: int, inbox_ids: Collection[int]) -> Sequence[Holder]:
    """Return the agents with open conversations in these inboxes."""
    rows = session.execute(HOLDERS, {"account_id": account_id, "inbox_ids": bind_array(inbox_ids)})
    return [Holder(id=row.id, availability=Presence(row.availability), auto_offline=row.auto_offline) for row in rows]


def held(
    session: Session, account_id: int, inbox_ids: Collection[int], *, absent_ids: Collection[int]
) -> Sequence[HeldRow]:
    """Return, in one query, the open conversations of these absent agents and of agents outside the inbox."""
    asked = {"account_id": account_id, "inbox_ids": bind_array(inbox_ids), "absent_ids": bind_array(absent_ids)}
    return [HeldRow(**row._mapping) for row in session.execute(HELD, asked)]


def ids_of_absent(
    session: Session, account_id: int, inbox_id: int, *, absent_ids: Collection[int], most: int
) -> Sequence[int]:
    """Return open conversations of the inbox assigned to these absent members, the oldest first."""
    asked = {"account_id": account_id, "inbox_id": inbox_id, "absent_ids": bind_array(absent_ids), "most": most}
    return session.scalars(IDS_OF_ABSENT, asked).all()


def ids_of_others(session: Session, account_id: int, inbox_id: int, *, most: int) -> Sequence[int]:
    """Return open conversations of the inbox assigned to agents outside it, the oldest first."""
    return session.scalars(IDS_OF_OTHERS, {"account_id": account_id, "inbox_id": inbox_id, "most": most}).all()
