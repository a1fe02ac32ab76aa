"""Inboxes for the live board: policies, waiting conversations, the longest wait, the last hour, the last run."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text

from dashboard.engine.decisions import Reason
from dashboard.engine.model import ConnectionMode, Inbox
from dashboard.engine.policy import AssignmentPolicy
from dashboard.store.core.page_values import Scope, Since
from dashboard.store.core.rules_in_use import NO_RULES, RulesInUse
from dashboard.store.helpdesks.masters import Master
from dashboard.store.inboxes import routing
from dashboard.store.inboxes.routing import Routing
from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# With `member_id`, only the inboxes of that agent.
INBOXES = text(
    """
    SELECT i.id, i.name, w.team_ids, w.counts, o.id AS oldest_id, o.waiting_since AS oldest_since, a.assigned,
      d.overdue, d.at_risk, EXISTS (
        SELECT FROM assignments s
        WHERE s.inbox_id = i.id AND s.at > :today_after AND s.due_at IS NOT NULL AND s.agent_id IS NOT NULL
      ) AS had_due,
      k.id AS helpdesk_id, k.name AS helpdesk, h.mode,
      EXISTS (
        SELECT FROM inbox_members m JOIN account_users u ON u.account_id = m.account_id AND u.user_id = m.user_id
        WHERE m.inbox_id = i.id AND u.active
      ) AS has_members
    FROM inboxes i
    LEFT JOIN connected_inboxes h ON h.inbox_id = i.id
    LEFT JOIN connections k ON k.id = h.connection_id
    CROSS JOIN LATERAL (
      SELECT array_agg(t.team_id) AS team_ids, array_agg(t.waiting) AS counts FROM (
        SELECT c.team_id, count(*) AS waiting FROM conversations c
        WHERE c.inbox_id = i.id AND c.status = 'open' AND c.assignee_id IS NULL GROUP BY c.team_id
      ) t
    ) w
    LEFT JOIN LATERAL (
      SELECT c.id, c.waiting_since FROM conversations c
      WHERE c.inbox_id = i.id AND c.status = 'open' AND c.assignee_id IS NULL
      ORDER BY c.waiting_since, c.id LIMIT 1
    ) o ON true
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE c.due_at < :now) AS overdue, count(*) FILTER (WHERE c.due_at >= :now) AS at_risk
      FROM conversations c
      WHERE c.inbox_id = i.id AND c.status = 'open' AND c.assignee_id IS NULL AND c.due_at <= :risky_until
    ) d
    CROSS JOIN LATERAL (
      SELECT count(*) AS assigned FROM assignments s
      WHERE s.inbox_id = i.id AND s.at > :assigned_after AND s.agent_id IS NOT NULL
    ) a
    WHERE i.account_id = :account_id AND (
      CAST(:member_id AS bigint) IS NULL
      OR EXISTS (SELECT FROM inbox_members m WHERE m.inbox_id = i.id AND m.user_id = :member_id)
    )
    ORDER BY lower(i.name), i.id
    """
)
WAITING_INBOXES = text(
    """
    SELECT i.id FROM inboxes i
    WHERE i.account_id = :account_id AND EXISTS (
      SELECT FROM conversations c WHERE c.inbox_id = i.id AND c.status = 'open' AND c.assignee_id IS NULL
    )
    ORDER BY i.id
    """
)
# Step n ends at :since + n * :step. A wait that is over is in the ledger with its beginning and its end.
CHANGES = text(
    """
    WITH begun AS (
      SELECT inbox_id, waiting_since AS at FROM conversations
      WHERE inbox_id = ANY(:inbox_ids) AND status = 'open' AND assignee_id IS NULL AND waiting_since > :since
    ), ended AS (
      SELECT inbox_id, waiting_since AS began_at, at FROM assignments
      WHERE inbox_id = ANY(:inbox_ids) AND at > :since AND agent_id IS NOT NULL AND waiting_since IS NOT NULL
    ), changes AS (
      SELECT inbox_id, at, 1 AS change FROM begun
      UNION ALL SELECT inbox_id, began_at, 1 FROM ended WHERE began_at > :since
      UNION ALL SELECT inbox_id, at, -1 FROM ended
    )
    SELECT inbox_id, CAST(ceil(extract(epoch FROM at - :since) / :step) AS int) AS step,
      CAST(sum(change) AS int) AS change
    FROM changes GROUP BY 1, 2
    """
)
LAST_LEFT = text(
    """
    SELECT i.id AS inbox_id, r.left_waiting
    FROM unnest(CAST(:inbox_ids AS bigint[])) AS i(id)
    CROSS JOIN LATERAL (
      SELECT left_waiting FROM runs
      WHERE runs.inbox_id = i.id AND runs.finished_at IS NOT NULL ORDER BY runs.id DESC LIMIT 1
    ) r
    """
)
DUE_TODAY = text(
    """
    SELECT i.id AS inbox_id, t.due, t.met
    FROM unnest(CAST(:inbox_ids AS bigint[]), CAST(:began_at AS timestamptz[])) AS i(id, began_at)
    CROSS JOIN LATERAL (
      SELECT count(*) AS due, count(*) FILTER (WHERE s.at <= s.due_at) AS met FROM assignments s
      WHERE s.inbox_id = i.id AND s.at >= i.began_at AND s.due_at IS NOT NULL AND s.agent_id IS NOT NULL
    ) t
    """
)
# A conversation is at risk this long before it is due (E56).
RISKY_FOR = timedelta(minutes=5)
# No day began earlier, on any wall clock.
LONGEST_DAY = timedelta(hours=26)
STRANDED = text("SELECT stranded_checked_at AS checked_at, stranded_count FROM accounts WHERE id = :account_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranded:
    """The number of stranded conversations at the last check (E53)."""

    checked_at: datetime | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFigures:
    """What waits in an inbox by team, what was given out of it lately, the rules by which it is, and its helpdesk."""

    id: int
    name: str
    inbox: Inbox
    policy: AssignmentPolicy | None
    has_members: bool
    waits: Mapping[int | None, int]
    oldest: Since | None
    assigned: int
    helpdesk: Master | None = None
    uses: RulesInUse = NO_RULES
    overdue: int = 0
    at_risk: int = 0
    had_due: bool = False

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        return sum(self.waits.values())


def figures(session: Session, scope: Scope, assigned_after: datetime, *, now: datetime) -> Sequence[InboxFigures]:
    asked = {"account_id": scope.account_id, "member_id": scope.member_id, "assigned_after": assigned_after}
    instants = {"now": now, "risky_until": now + RISKY_FOR, "today_after": now - LONGEST_DAY}
    rows = session.execute(INBOXES, {**asked, **instants}).all()
    routings = {one.inbox.id: one for one in routing.read_many(session, scope.account_id, [row.id for row in rows])}
    return [_figures(row, routings[row.id]) for row in rows if row.id in routings]


def due_today(session: Session, began_at: Mapping[int, datetime]) -> Mapping[int, tuple[int, int]]:
    """Return, by inbox, the assignments since its day began that had a target, and those within it."""
    asked = {"inbox_ids": bind_array(began_at), "began_at": bind_array(began_at.values())}
    return {row.inbox_id: (row.due, row.met) for row in session.execute(DUE_TODAY, asked)} if began_at else {}


def waiting_ids(session: Session, account_id: int) -> Sequence[int]:
    """Return the account's inboxes with waiting conversations."""
    return session.execute(WAITING_INBOXES, {"account_id": account_id}).scalars().all()


def changes(
    session: Session, inbox_ids: Collection[int], *, since: datetime, step: timedelta
) -> Mapping[int, Mapping[int, int]]:
    """Return, by inbox, the change in the number of waiting conversations per step since then; steps count from 1."""
    asked = {"inbox_ids": list(inbox_ids), "since": since, "step": step.total_seconds()}
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for inbox_id, number, change in session.execute(CHANGES, asked):
        found[inbox_id][number] = change
    return found


def last_left(session: Session, inbox_ids: Collection[int]) -> Mapping[int, Mapping[Reason, int]]:
    """Return, by inbox, the number of conversations that its last run left waiting, by reason."""
    rows = session.execute(LAST_LEFT, {"inbox_ids": list(inbox_ids)})
    return {row.inbox_id: {Reason(word): n for word, n in row.left_waiting.items()} for row in rows}


def stranded(session: Session, account_id: int) -> Stranded:
    """Return the result of the account's last check."""
    row = session.execute(STRANDED, {"account_id": account_id}).one()
    return Stranded(checked_at=row.checked_at, count=row.stranded_count)


def _figures(row: Row[Any], routed: Routing) -> InboxFigures:
    return InboxFigures(
        id=row.id,
        name=row.name,
        inbox=routed.inbox,
        policy=routed.policy,
        has_members=row.has_members,
        waits=dict(zip(row.team_ids or (), row.counts or (), strict=True)),
        oldest=Since(conversation_id=row.oldest_id, at=row.oldest_since) if row.oldest_id else None,
        assigned=row.assigned,
        helpdesk=_helpdesk(row),
        uses=routed.uses,
        overdue=row.overdue,
        at_risk=row.at_risk,
        had_due=row.had_due,
    )


def _helpdesk(row: Row[Any]) -> Master | None:
    if row.helpdesk_id is None:
        return None
    return Master(connection_id=row.helpdesk_id, name=row.helpdesk, mode=ConnectionMode(row.mode))
