"""Holds of waiting conversations: runs leave them alone until an instant (C11, C15)."""

from sqlalchemy import text

from dashboard.store.postgres.database import Session

# A release in the helpdesk was no person's decision if the agent who had it is gone there.
LIFT_OF_GONE = text("""
UPDATE conversations AS c SET held_until = NULL, held_for = NULL, had_by_id = NULL
FROM connected_conversations AS l, connected_agents AS a
WHERE l.connection_id = :connection_id AND c.id = l.conversation_id AND c.held_for = 'hands_off'
  AND c.status = 'open' AND c.assignee_id IS NULL
  AND a.connection_id = l.connection_id AND a.agent_id = c.had_by_id AND NOT a.active
""")


def lift_of_gone(session: Session, connection_id: int) -> None:
    """Lift the holds of conversations that waited for a person's sake, where the person's agent is gone there."""
    session.execute(LIFT_OF_GONE, {"connection_id": connection_id})
