"""Rows of presence: each agent's spans, one after the other (T1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import and_, select, text

from dashboard.engine.model import Presence
from dashboard.store.agents.availability import AgentState
from dashboard.store.models import AccountUser
from dashboard.store.models import PresenceSpan as Row
from dashboard.store.models.trust import PresenceCause as PresenceCause  # noqa: PLC0414  beside its other words
from dashboard.store.postgres.database import Session

NEW = """
unnest(
  CAST(:agent_ids AS bigint[]), CAST(:presences AS text[]), CAST(:causes AS text[]), CAST(:instants AS timestamptz[])
) AS new (agent_id, presence, cause, at)"""
# In the order of ids, as everybody locks agents: two changes of one agent come one after the other.
LOCK = text("""
SELECT user_id FROM account_users WHERE account_id = :account_id AND user_id = ANY(:agent_ids)
ORDER BY user_id FOR NO KEY UPDATE""")
END = text(f"""
UPDATE presence_changes AS last SET until = new.at FROM {NEW}
WHERE last.account_id = :account_id AND last.agent_id = new.agent_id AND last.until IS NULL
  AND last.presence <> new.presence AND last.at < new.at""")
# An agent whose last row goes on has the same presence, or a row of later.
ADD = text(f"""
INSERT INTO presence_changes (account_id, agent_id, presence, cause, at)
SELECT :account_id, new.agent_id, new.presence, new.cause, new.at FROM {NEW}
WHERE NOT EXISTS (
  SELECT FROM presence_changes last
  WHERE last.account_id = :account_id AND last.agent_id = new.agent_id AND last.until IS NULL
)
ON CONFLICT (account_id, agent_id, at) DO NOTHING""")
REMOVE = text("""
DELETE FROM presence_changes WHERE ctid IN (
  SELECT ctid FROM presence_changes WHERE until < :before ORDER BY until LIMIT :most FOR UPDATE SKIP LOCKED
)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPresence:
    """An agent's presence from an instant on, with its cause."""

    agent_id: int
    presence: Presence
    cause: PresenceCause
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAgent:
    """An active agent with the presence and the beginning of their last row, None without any."""

    state: AgentState
    recorded: Presence | None
    recorded_at: datetime | None


def record(session: Session, account_id: int, changes: Sequence[NewPresence]) -> None:
    """Write what differs from each agent's last row; at most one change of each agent."""
    if not changes:
        return
    said = {
        "account_id": account_id,
        "agent_ids": [one.agent_id for one in changes],
        "presences": [one.presence.value for one in changes],
        "causes": [one.cause.value for one in changes],
        "instants": [one.at for one in changes],
    }
    for statement in (LOCK, END, ADD):
        session.execute(statement, said)


def last_of_active(session: Session) -> Mapping[int, Sequence[RecordedAgent]]:
    """Return all active agents with their last row, by account."""
    last = and_(Row.account_id == AccountUser.account_id, Row.agent_id == AccountUser.user_id, Row.until.is_(None))
    agent = AccountUser.account_id, AccountUser.user_id, AccountUser.availability, AccountUser.auto_offline
    wanted = select(*agent, Row.presence, Row.at).outerjoin(Row, last).where(AccountUser.active)
    found = session.execute(wanted.order_by(AccountUser.account_id, AccountUser.user_id)).all()
    agents = [
        RecordedAgent(
            state=AgentState(account_id=account, agent_id=agent_id, availability=chosen, auto_offline=auto_offline),
            recorded=presence,
            recorded_at=at,
        )
        for account, agent_id, chosen, auto_offline, presence, at in found
    ]
    return {account_id: list(theirs) for account_id, theirs in groupby(agents, lambda one: one.state.account_id)}


def remove(session: Session, *, before: datetime, most: int) -> int:
    """Delete the oldest rows that ended before this instant; the last row of each agent stays."""
    removed: int = session.execute(REMOVE, {"before": before, "most": most}).rowcount  # type: ignore[attr-defined]
    return removed
