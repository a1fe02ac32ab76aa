"""The remains of a removed connection: ordinary inboxes and conversations, or nothing of them."""

from sqlalchemy import text

from dashboard.store.postgres.database import Session

LET_GO = text("""
UPDATE conversations AS c SET held_until = NULL, held_for = NULL
FROM connected_conversations AS l
WHERE l.connection_id = :connection_id AND c.id = l.conversation_id AND c.held_until IS NOT NULL
""")
# Of an inbox here, all conversations go, also those that are gone in the helpdesk.
CONVERSATIONS = text("""
DELETE FROM conversations AS c USING connected_inboxes AS i
WHERE i.connection_id = :connection_id AND c.inbox_id = i.inbox_id
""")
INBOXES = text("""
DELETE FROM inboxes AS o USING connected_inboxes AS i WHERE i.connection_id = :connection_id AND o.id = i.inbox_id
""")
TEAMS = text("""
DELETE FROM teams AS t USING connected_teams AS l
WHERE l.connection_id = :connection_id AND t.id = l.team_id
  AND NOT EXISTS (SELECT FROM conversations AS c WHERE c.team_id = t.id)
""")


def let_go(session: Session, connection_id: int) -> None:
    """End the holds of a connection's conversations: nobody would lift them."""
    session.execute(LET_GO, {"connection_id": connection_id})


def remove(session: Session, connection_id: int) -> None:
    """Delete a connection's inboxes with all their conversations, and its teams that no other conversation has."""
    for statement in (CONVERSATIONS, INBOXES, TEAMS):
        session.execute(statement, {"connection_id": connection_id})
