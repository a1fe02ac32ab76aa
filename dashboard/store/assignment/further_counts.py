"""What agents hold by other measures, read only for rules in use: unanswered conversations, weights, the last turn."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import text

from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# From the index of unanswered conversations: exact at every moment, and nobody pays who does not use the rule. A second
# counter beside open_counts would cost every change of every conversation, and older releases would not keep it.
UNANSWERED = text("""
SELECT assignee_id, inbox_id, count(*) FROM conversations
WHERE account_id = :account_id AND assignee_id = ANY(CAST(:agent_ids AS bigint[])) AND status = 'open'
  AND awaiting = 'agent'
GROUP BY assignee_id, inbox_id
""")
WEIGHTS = text("SELECT id, weight FROM inboxes WHERE account_id = :account_id AND weight > 1")
LAST_ASSIGNED = text("""
SELECT agent.id, a.at
FROM unnest(CAST(:agent_ids AS bigint[])) AS agent(id)
CROSS JOIN LATERAL (
  SELECT at FROM assignments
  WHERE account_id = :account_id AND agent_id = agent.id AND run_id IS NOT NULL
  ORDER BY at DESC LIMIT 1
) a
""")


def unanswered(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, Mapping[int, int]]:
    """Return the number of each agent's open conversations whose customer waits for an answer, by inbox (E67)."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    rows = session.execute(UNANSWERED, {"account_id": account_id, "agent_ids": bind_array(agent_ids)})
    for agent_id, inbox_id, count in rows:
        found[agent_id][inbox_id] = count
    return found


def weights(session: Session, account_id: int) -> Mapping[int, int]:
    """Return the weights of the account's inboxes that weigh more than one (E68)."""
    return dict(map(tuple, session.execute(WEIGHTS, {"account_id": account_id}).all()))


def last_assigned(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, datetime]:
    """Return the instant of each agent's last automatic assignment, in any inbox (E61)."""
    asked = {"account_id": account_id, "agent_ids": bind_array(agent_ids)}
    return dict(map(tuple, session.execute(LAST_ASSIGNED, asked).all()))
