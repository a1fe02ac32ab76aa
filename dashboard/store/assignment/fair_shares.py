"""Recent automatic assignments per agent, for rate limits: from Redis, or from the ledger if Redis lacks them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import text

from dashboard.store.ledger.ledger import GIVEN_BACK
from dashboard.store.postgres.database import Session
from dashboard.store.redis.rate_limits import LimitQuery, RateLimits, Reservation, WindowCount

# A claim that was given back counts no longer: the next row of its ledger says so (C14).
# OFFSET 0 forces one index scan per inbox: a free join read a ledger of a million rows for one hour of it.
GIVEN = text(
    """
    SELECT a.inbox_id, a.agent_id, a.conversation_id, a.at
    FROM unnest(CAST(:inboxes AS bigint[]), CAST(:since AS timestamptz[])) AS share(inbox_id, since)
    CROSS JOIN LATERAL (
      SELECT id, inbox_id, agent_id, conversation_id, at FROM assignments
      WHERE account_id = :account_id AND assignments.inbox_id = share.inbox_id AND at > share.since
        AND run_id IS NOT NULL
      OFFSET 0
    ) a
    WHERE coalesce((
      SELECT reason FROM assignments
      WHERE assignments.conversation_id = a.conversation_id AND assignments.id > a.id
      ORDER BY assignments.id LIMIT 1
    ) <> ALL(:given_back), true)
    ORDER BY a.at
    """
)


def recent(
    session: Session,
    limits: RateLimits,
    shares: Collection[LimitQuery],
    *,
    account_id: int,
    now: datetime,
    hold: bool = False,
) -> Mapping[int, Mapping[int, WindowCount]]:
    """Return the recent assignments by inbox and agent; raises StoreUnavailable.

    With `hold`, the caller holds the inboxes' locks, so missing counters are restored in Redis from the ledger.
    """
    known = limits.recent(account_id, shares, now)
    unknown = [share for share in shares if share.inbox_id not in known]
    given = _given(session, account_id, unknown, now) if unknown else {}
    if hold:
        for share in unknown:
            limits.restore(account_id, share.inbox_id, given[share.inbox_id], window=share.window)
    return {**known, **{share.inbox_id: _counted(share, given[share.inbox_id]) for share in unknown}}


def _given(
    session: Session, account_id: int, shares: Sequence[LimitQuery], now: datetime
) -> Mapping[int, Sequence[Reservation]]:
    """Return, by inbox, the automatic assignments within its window, oldest first."""
    reasons = [reason.value for reason in GIVEN_BACK]
    windows = {"inboxes": [share.inbox_id for share in shares], "since": [now - share.window for share in shares]}
    found: dict[int, list[Reservation]] = defaultdict(list)
    for row in session.execute(GIVEN, {"account_id": account_id, "given_back": reasons, **windows}):
        one = Reservation(agent_id=row.agent_id, conversation_id=row.conversation_id, at=row.at)
        found[row.inbox_id].append(one)
    return found


def _counted(share: LimitQuery, given: Sequence[Reservation]) -> Mapping[int, WindowCount]:
    instants: dict[int, list[datetime]] = defaultdict(list)
    for one in given:
        instants[one.agent_id].append(one.at)
    return {agent: _recent(share, instants[agent]) for agent in share.agent_ids}


def _recent(share: LimitQuery, instants: Sequence[datetime]) -> WindowCount:
    if not instants:
        return WindowCount(count=0, slot_frees_at=None)
    matters = instants[max(0, len(instants) - share.limit)]
    return WindowCount(count=len(instants), slot_frees_at=matters + share.window)
