"""Agents here by address, and the teams that are used in an inbox, for decisions about a connection's set-up."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import func, select, text

from dashboard.store.models import AccountUser
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# A team is used in an inbox if a conversation there has it, or a member of both could be given one.
USED_TEAMS = text("""
SELECT here.inbox_id, t.external_id
FROM connected_teams AS t CROSS JOIN unnest(CAST(:inbox_ids AS bigint[])) AS here(inbox_id)
WHERE t.connection_id = :connection_id AND t.team_id IS NOT NULL AND (
  EXISTS (SELECT FROM conversations AS c WHERE c.inbox_id = here.inbox_id AND c.team_id = t.team_id)
  OR EXISTS (
    SELECT FROM team_members AS m JOIN inbox_members AS i USING (account_id, user_id)
    WHERE m.team_id = t.team_id AND i.inbox_id = here.inbox_id
  )
)
""")


def of_addresses(session: Session, account_id: int, addresses: Collection[str]) -> Mapping[str, int]:
    """Return the active agents with these addresses, which are in lower case."""
    which = (AccountUser.account_id == account_id, AccountUser.active, AccountUser.email == func.any(sorted(addresses)))
    rows = session.execute(select(AccountUser.email, AccountUser.user_id).where(*which))
    return {row.email: row.user_id for row in rows}


def is_active(session: Session, account_id: int, agent_id: int) -> bool:
    """Return whether the account has this active agent."""
    which = (AccountUser.account_id == account_id, AccountUser.user_id == agent_id, AccountUser.active)
    return session.scalar(select(AccountUser.user_id).where(*which)) is not None


def used_teams(
    session: Session, connection_id: int, inbox_ids: Collection[int]
) -> Mapping[int | None, Collection[str]]:
    """Return the teams of the helpdesk that are used in these inboxes here, by inbox."""
    found: dict[int | None, set[str]] = defaultdict(set)
    asked = {"connection_id": connection_id, "inbox_ids": bind_array(inbox_ids)}
    for inbox_id, external_id in session.execute(USED_TEAMS, asked):
        found[inbox_id].add(external_id)
    return found
