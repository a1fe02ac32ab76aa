"""Alert channels, as rows without their addresses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update

from dashboard.store.models import AlertChannel, AlertRule
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel without its address."""

    id: int
    name: str
    service: str
    created_at: datetime


shelf = AccountTable(AlertChannel, ChannelRow)
LEAVE_RULES = text("""
UPDATE alert_rules SET channel_ids = array_remove(channel_ids, CAST(:channel_id AS bigint))
WHERE account_id = :account_id AND :channel_id = ANY (channel_ids)""")


def hold(session: Session, account_id: int, channel_ids: Collection[int]) -> frozenset[int]:
    """Return the ids that the account has, and keep these channels until the transaction ends."""
    wanted = select(AlertChannel.id).where(
        AlertChannel.account_id == account_id, AlertChannel.id == func.any(list(channel_ids))
    )
    held = wanted.order_by(AlertChannel.id).with_for_update(read=True, key_share=True)
    return frozenset(session.scalars(held))


def leave_rules(session: Session, account_id: int, channel_id: int) -> None:
    """Remove a channel from the rules that name it."""
    session.execute(LEAVE_RULES, {"account_id": account_id, "channel_id": channel_id})


def rules_with(session: Session, account_id: int, channel_id: int) -> int:
    """Return the number of rules that name this channel."""
    which = (AlertRule.account_id == account_id, AlertRule.channel_ids.contains([channel_id]))
    return session.scalar(select(func.count()).select_from(AlertRule).where(*which)) or 0


def sealed(session: Session) -> dict[int, str]:
    """Return the encrypted addresses of all channels by id, locked for a change of the key."""
    rows = session.execute(select(AlertChannel.id, AlertChannel.sealed).order_by(AlertChannel.id).with_for_update())
    return {row.id: row.sealed for row in rows}


def seal(session: Session, channel_id: int, sealed: str) -> None:
    """Replace an encrypted address."""
    session.execute(update(AlertChannel).where(AlertChannel.id == channel_id).values(sealed=sealed))
