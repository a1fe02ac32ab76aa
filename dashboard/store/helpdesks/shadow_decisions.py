"""Decisions in shadow inboxes, beside the choices of people there: one open row for each conversation (C19)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text, update

from dashboard.engine.decisions import Assign
from dashboard.engine.model import Inbox
from dashboard.store.models import ShadowDecision
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# What somebody has taken since it was read is not decided; locked, so that the mirror closes what is kept, not before.
KEEP = text("""
INSERT INTO shadow_decisions (account_id, inbox_id, conversation_id, agent_id, at)
SELECT c.account_id, c.inbox_id, c.id, given.agent_id, :at
FROM unnest(CAST(:ids AS bigint[]), CAST(:agents AS bigint[])) AS given(conversation_id, agent_id)
JOIN conversations c ON c.id = given.conversation_id AND c.account_id = :account_id AND c.inbox_id = :inbox_id
WHERE c.status = 'open' AND c.assignee_id IS NULL
FOR NO KEY UPDATE OF c SKIP LOCKED
ON CONFLICT (conversation_id) WHERE closed_at IS NULL
DO UPDATE SET agent_id = excluded.agent_id, inbox_id = excluded.inbox_id, at = excluded.at
RETURNING conversation_id
""")
PERIOD = """
WITH decided AS (
  SELECT agent_id, taken_by_id, taken_by, taken_at, extract(epoch FROM taken_at - at) AS saved
  FROM shadow_decisions
  WHERE account_id = :account_id AND inbox_id = :inbox_id AND at >= :since AND at < :until
)
"""
SUMS = text(f"""{PERIOD}
SELECT count(*) AS decided, count(taken_at) AS taken, count(*) FILTER (WHERE taken_by_id = agent_id) AS agreed,
  coalesce(sum(saved) FILTER (WHERE saved > 0), 0) AS saved,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY saved) FILTER (WHERE saved > 0) AS median
FROM decided
""")
# Both sides count the same conversations: those that somebody took.
SPREAD = text(f"""{PERIOD}, sides AS (
  SELECT agent_id, NULL AS stranger, 1 AS ours, 0 AS theirs FROM decided WHERE taken_at IS NOT NULL
  UNION ALL
  SELECT taken_by_id, CASE WHEN taken_by_id IS NULL THEN taken_by END, 0, 1 FROM decided WHERE taken_at IS NOT NULL
)
SELECT s.agent_id, coalesce(u.name, s.stranger, '') AS name, sum(s.ours) AS ours, sum(s.theirs) AS theirs
FROM sides s LEFT JOIN account_users u ON u.account_id = :account_id AND u.user_id = s.agent_id
GROUP BY s.agent_id, coalesce(u.name, s.stranger, '')
ORDER BY lower(coalesce(u.name, s.stranger, '')), s.agent_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowShare:
    """An agent's conversations: those that we would have given, and those that they took.

    A person without an agent here has no `agent_id`.
    """

    agent_id: int | None
    name: str
    ours: int
    theirs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """A comparison of an inbox's shadow decisions with people's choices.

    `agreed` of the `taken` ones went to the agent that we had decided on. `saved` is the time between decision and
    taking, all of it and the median; None if nobody was slower.
    """

    decided: int
    taken: int
    agreed: int
    saved: timedelta
    median_saved: timedelta | None
    spread: Sequence[ShadowShare]


def open_in(session: Session, inbox_id: int) -> Mapping[int, int]:
    """Return the agents of the inbox's open decisions, by conversation id."""
    rows = session.execute(
        select(ShadowDecision.conversation_id, ShadowDecision.agent_id).where(
            ShadowDecision.inbox_id == inbox_id, ShadowDecision.closed_at.is_(None)
        )
    )
    return {row.conversation_id: row.agent_id for row in rows}


def keep(session: Session, inbox: Inbox, assigns: Collection[Assign], *, at: datetime) -> list[Assign]:
    """Write new or changed decisions about conversations that still wait, in one statement, and return these."""
    if not assigns:
        return []
    lists = {
        "ids": bind_array(given.conversation_id for given in assigns),
        "agents": bind_array(given.agent_id for given in assigns),
    }
    kept = session.scalars(KEEP, {"account_id": inbox.account_id, "inbox_id": inbox.id, "at": at, **lists})
    ids = set(kept.all())
    return [given for given in assigns if given.conversation_id in ids]


def close(
    session: Session, conversation_id: int, *, at: datetime, taken_by_id: int | None = None, taken_by: str | None = None
) -> None:
    """Close the conversation's open decision: somebody took it there, or it no longer waits.

    `taken_by` is the person's name in the helpdesk, `taken_by_id` the agent here, if they are one.
    """
    taken_at = None if taken_by_id is None and taken_by is None else at
    values = {"closed_at": at, "taken_at": taken_at, "taken_by_id": taken_by_id, "taken_by": taken_by}
    session.execute(
        update(ShadowDecision)
        .where(ShadowDecision.conversation_id == conversation_id, ShadowDecision.closed_at.is_(None))
        .values(**values)
    )


def close_all_in(session: Session, inbox_id: int, *, at: datetime) -> None:
    """Close the open decisions of an inbox that leaves shadow."""
    is_open = (ShadowDecision.inbox_id == inbox_id, ShadowDecision.closed_at.is_(None))
    session.execute(update(ShadowDecision).where(*is_open).values(closed_at=at))


def report(session: Session, account_id: int, inbox_id: int, *, since: datetime, until: datetime) -> ShadowReport:
    """Compare the decisions of a period with people's choices, in two queries."""
    asked = {"account_id": account_id, "inbox_id": inbox_id, "since": since, "until": until}
    sums = session.execute(SUMS, asked).one()
    return ShadowReport(
        decided=sums.decided,
        taken=sums.taken,
        agreed=sums.agreed,
        saved=timedelta(seconds=float(sums.saved)),
        median_saved=None if sums.median is None else timedelta(seconds=float(sums.median)),
        spread=[
            ShadowShare(agent_id=row.agent_id, name=row.name, ours=row.ours, theirs=row.theirs)
            for row in session.execute(SPREAD, asked)
        ],
    )
