"""The four switches of an inbox and its policy: the only rows read when one of them is off (E1)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, text

from dashboard.engine import model, policy
from dashboard.store.core.rules_in_use import NO_RULES, RulesInUse
from dashboard.store.inboxes import business_hours
from dashboard.store.models import Inbox
from dashboard.store.policies.policy_columns import POLICY, policy_of
from dashboard.store.postgres.database import Session

# Steps from inbox to inbox through the index of waiting conversations; inboxes without work are never read.
ROUTED_WITH_WORK = text(
    """
    WITH RECURSIVE work(inbox_id) AS (
      (SELECT inbox_id FROM conversations WHERE status = 'open' AND assignee_id IS NULL ORDER BY inbox_id LIMIT 1)
      UNION ALL
      SELECT (
        SELECT c.inbox_id FROM conversations c
        WHERE c.status = 'open' AND c.assignee_id IS NULL AND c.inbox_id > work.inbox_id
        ORDER BY c.inbox_id LIMIT 1
      ) FROM work WHERE work.inbox_id IS NOT NULL
    )
    SELECT i.account_id, i.id AS inbox_id
    FROM work
    JOIN inboxes i ON i.id = work.inbox_id AND i.enable_auto_assignment
    JOIN accounts a ON a.id = i.account_id AND a.assignment_v2
    JOIN inbox_assignment_policies l ON l.inbox_id = i.id
    JOIN assignment_policies p ON p.id = l.assignment_policy_id AND p.enabled
    LEFT JOIN connected_inboxes h ON h.inbox_id = i.id
    WHERE h.mode IS DISTINCT FROM 'off'
    ORDER BY i.account_id, i.id
    """
)

# A reading counts only while the connection is one to decide by (C18), and after everything was read of the inbox (C6).
READ_AT = """
CASE WHEN k.state IN ('ready', 'degraded') AND NOT k.paused AND k.imported_at IS NOT NULL AND h.unread_since IS NULL
  THEN k.waiting_read_at END
"""
COLUMNS = f"""
    SELECT i.account_id, i.id AS inbox_id, i.name AS inbox_name, a.assignment_v2, i.enable_auto_assignment,
      i.business_hours, h.mode, h.stopped_at IS NOT NULL AS is_stopped, {READ_AT} AS read_at, i.weight,
      EXISTS (SELECT FROM inboxes w WHERE w.account_id = a.id AND w.weight > 1) AS weighs,
      EXISTS (SELECT FROM assignment_policies s WHERE s.account_id = a.id AND s.pace_seconds IS NOT NULL) AS paces,
      {POLICY}
    FROM inboxes i
    JOIN accounts a ON a.id = i.account_id
    LEFT JOIN inbox_assignment_policies l ON l.inbox_id = i.id
    LEFT JOIN assignment_policies p ON p.id = l.assignment_policy_id
    LEFT JOIN connected_inboxes h ON h.inbox_id = i.id
    LEFT JOIN connections k ON k.id = h.connection_id
"""
ROUTING = text(f"{COLUMNS} WHERE i.account_id = :account_id AND i.id = ANY(:inbox_ids) ORDER BY i.id")
# The condition of the index of policies with returns; without any, nothing else is read.
RETURNING = text(
    f"""
    {COLUMNS}
    WHERE l.assignment_policy_id IN (
      SELECT id FROM assignment_policies WHERE return_after IS NOT NULL OR return_when_absent IS NOT NULL
    ) AND (CAST(:account_id AS bigint) IS NULL OR i.account_id = :account_id)
    ORDER BY i.account_id, i.id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """An inbox with its switches and its linked policy."""

    inbox: model.Inbox
    policy: policy.AssignmentPolicy | None
    uses: RulesInUse = NO_RULES


def read(session: Session, account_id: int, inbox_id: int) -> Routing | None:
    """Return the inbox's routing, or None when the account has no such inbox."""
    return next(iter(read_many(session, account_id, [inbox_id])), None)


def read_many(session: Session, account_id: int, inbox_ids: Collection[int]) -> Sequence[Routing]:
    """Return the routing of those of these inboxes that the account has."""
    rows = session.execute(ROUTING, {"account_id": account_id, "inbox_ids": list(inbox_ids)})
    return list(map(_routing, rows))


def returning(session: Session, account_id: int | None = None) -> Sequence[Routing]:
    """Return the routing of the inboxes whose policies return conversations, of one account or all (E64)."""
    return list(map(_routing, session.execute(RETURNING, {"account_id": account_id})))


def _routing(row: Row[Any]) -> Routing:
    return Routing(
        inbox=model.Inbox(
            id=row.inbox_id,
            account_id=row.account_id,
            name=row.inbox_name,
            assignment_v2=row.assignment_v2,
            enable_auto_assignment=row.enable_auto_assignment,
            mode=model.ConnectionMode(row.mode) if row.mode else None,
            is_stopped=row.is_stopped,
            read_at=row.read_at,
            weight=row.weight,
            hours=business_hours.of(row.business_hours),
        ),
        policy=policy_of(row),
        uses=RulesInUse(weighs=row.weighs, paces=row.paces),
    )


def account_of(session: Session, inbox_id: int) -> int | None:
    """Return the account of an inbox, for the command line, which has only the inbox's id."""
    return session.scalar(select(Inbox.account_id).where(Inbox.id == inbox_id))


def routed_with_work(session: Session) -> Mapping[int, Sequence[int]]:
    """Return, by account, the inboxes with all four switches on and waiting conversations: one query (E33).

    It starts from the index of waiting conversations, so its cost grows with the inboxes with work.
    """
    found: dict[int, list[int]] = defaultdict(list)
    for row in session.execute(ROUTED_WITH_WORK):
        found[row.account_id].append(row.inbox_id)
    return found
