"""The rules by which conversations come back, on live stores: what is due, why, and what has used up its returns."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from dashboard.engine import planner
from dashboard.engine.coming_back import returns
from dashboard.engine.coming_back.returns import HeldConversation, ReturnReason
from dashboard.engine.model import Awaiting, ConnectionMode
from dashboard.engine.policy import AssignmentPolicy
from dashboard.services.assignment import absences
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import returning as store
from dashboard.store.assignment.returning import DueReturn, HolderRow, ReturnRule
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.inboxes.routing import Routing

MOST_USED_UP = 1_000


def due(work: UnitOfWork, *, now: datetime, most: int) -> Sequence[DueReturn]:
    """Return the first conversations of all accounts that come back now. May finish the unit of work."""
    return due_of(work, inbox_routing.returning(work.session), now=now, most=most)


def due_of(work: UnitOfWork, routed: Sequence[Routing], *, now: datetime, most: int) -> Sequence[DueReturn]:
    """Return the first conversations that come back under these inboxes' policies, saved or not."""
    rules = _rules(work, routed, now)
    return store.due(work.session, rules, used_up=False, most=most) if rules else ()


def used_up(work: UnitOfWork, account_id: int, *, now: datetime) -> Sequence[DueReturn]:
    """Return the conversations that would come back once more, and stay as they have used up their returns (E65)."""
    rules = _rules(work, inbox_routing.returning(work.session, account_id), now)
    return store.due(work.session, rules, used_up=True, most=MOST_USED_UP) if rules else ()


def reason(work: UnitOfWork, row: ConversationRow, *, now: datetime) -> ReturnReason | None:
    """Return why a held conversation comes back now; None if it stays."""
    found, why = _judged(work, row, now)
    return why if found and not returns.is_used_up(row.returns, found) else None


def is_used_up(work: UnitOfWork, row: ConversationRow, *, now: datetime) -> bool:
    """Return whether a held conversation would come back once more, and stays."""
    found, why = _judged(work, row, now)
    return why is not None and found is not None and returns.is_used_up(row.returns, found)


def _rules(work: UnitOfWork, routed: Sequence[Routing], now: datetime) -> list[ReturnRule]:
    """Return the rules of these inboxes, as far as runs assign there at this moment."""
    found = [(one, one.policy) for one in routed if one.policy and one.policy.returns and _is_routed(one, now)]
    absent = _absent(work, [one for one, policy in found if policy.return_when_absent], now)
    return [_rule(one, policy, absent, now) for one, policy in found]


def _rule(
    one: Routing, policy: AssignmentPolicy, absent: Sequence[tuple[HolderRow, datetime]], now: datetime
) -> ReturnRule:
    limits = returns.limits(policy, one.inbox.hours, now)
    gone = [holder.agent_id for holder, at in absent if limits.absent_at and at <= limits.absent_at
            and holder.inbox_id == one.inbox.id]  # fmt: skip
    return ReturnRule(
        account_id=one.inbox.account_id,
        inbox_id=one.inbox.id,
        by_hand=policy.return_by_hand_too,
        most_returns=policy.max_returns,
        no_reply_at=limits.no_reply_at,
        absent_at=limits.absent_at,
        absent=gone,
    )


def _absent(work: UnitOfWork, routed: Sequence[Routing], now: datetime) -> list[tuple[HolderRow, datetime]]:
    """Return the absent holders in these inboxes, with the start of their absence."""
    by_account: dict[int, list[HolderRow]] = defaultdict(list)
    for holder in store.holders(work.session, [one.inbox.id for one in routed]):
        by_account[holder.account_id].append(holder)
    found: list[tuple[HolderRow, datetime]] = []
    for account_id, holders in by_account.items():
        starts = absences.since(work, account_id, holders, now=now)
        found += [(holder, starts[holder.agent_id]) for holder in holders if holder.agent_id in starts]
    return found


def _is_routed(one: Routing, now: datetime) -> bool:
    """Return whether a run would assign there now: else a release would help nobody (E1, E62)."""
    return planner.switched_off(one.inbox, one.policy, now) is None and one.inbox.mode is not ConnectionMode.SHADOW


def _judged(
    work: UnitOfWork, row: ConversationRow, now: datetime
) -> tuple[AssignmentPolicy | None, ReturnReason | None]:
    """Return the inbox's policy, and why a held conversation comes back now, were there no limit of returns."""
    found = inbox_routing.read(work.session, row.account_id, row.inbox_id)
    if found is None or found.policy is None or not _is_routed(found, now):
        return None, None
    return found.policy, _reason(work, row, found, now)


def _reason(work: UnitOfWork, row: ConversationRow, found: Routing, now: datetime) -> ReturnReason | None:
    """Return why a held conversation comes back now, were there no limit of returns."""
    policy = found.policy
    if policy is None or row.holder_id is None or row.assigned_at is None:
        return None
    held = HeldConversation(
        assigned_at=row.assigned_at,
        assigned_by_engine=row.assigned_by_engine,
        is_unanswered=row.awaiting is Awaiting.AGENT,
        returns=row.returns,
        replied_at=row.replied_at,
        absent_since=_absent_since(work, row, now) if policy.return_when_absent else None,
    )
    return returns.reason(held, policy, returns.limits(policy, found.inbox.hours, now))


def _absent_since(work: UnitOfWork, row: ConversationRow, now: datetime) -> datetime | None:
    holders = [one for one in store.holders(work.session, [row.inbox_id]) if one.agent_id == row.holder_id]
    return absences.since(work, row.account_id, holders, now=now).get(row.holder_id or 0)
