"""The guarded bulk write that turns a plan into assignments (E25)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from dashboard.engine.decisions import Assign
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

CLAIM = text(
    """
    UPDATE conversations AS c
    SET assignee_id = plan.agent_id, assigned_at = :now, assigned_by_engine = true, waiting_since = NULL,
      had_by_id = NULL, held_until = NULL, held_for = NULL, overflow_team_id = plan.overflow_team_id
    FROM unnest(
      CAST(:ids AS bigint[]), CAST(:agents AS bigint[]), CAST(:teams AS bigint[]), CAST(:overflow_teams AS bigint[])
    ) AS plan(id, agent_id, team_id, overflow_team_id)
    WHERE c.id = plan.id AND c.account_id = :account_id AND c.inbox_id = :inbox_id
      AND c.status = 'open' AND c.assignee_id IS NULL AND c.team_id IS NOT DISTINCT FROM plan.team_id
      AND (c.held_until IS NULL OR c.held_until <= :now)
    RETURNING c.id
    """
)


def claim(session: Session, account_id: int, inbox_id: int, assigns: Sequence[Assign], *, now: datetime) -> set[int]:
    """Assign the conversations that are still open, unassigned, not held, and in the same inbox and team.

    Return their ids.
    """
    if not assigns:
        return set()
    won = session.scalars(
        CLAIM,
        {
            "account_id": account_id,
            "inbox_id": inbox_id,
            "now": now,
            "ids": bind_array(given.conversation_id for given in assigns),
            "agents": bind_array(given.agent_id for given in assigns),
            "teams": bind_array(given.team_id for given in assigns),
            "overflow_teams": bind_array(given.how.overflow_team_id for given in assigns),
        },
    )
    return set(won.all())
