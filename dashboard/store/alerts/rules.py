"""Alert rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.store.models import AlertRule
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRuleRow:
    """An alert rule; without `inbox_id`, of any inbox."""

    id: int
    kind: str
    threshold: int | None
    minutes: int | None
    inbox_id: int | None
    channel_ids: tuple[int, ...]
    enabled: bool
    created_at: datetime


shelf = AccountTable(AlertRule, AlertRuleRow)
# An open alert is looked at after its rule is gone, so that it closes.
TO_CHECK = text("""
SELECT account_id FROM alert_rules WHERE enabled UNION SELECT account_id FROM alerts WHERE closed_at IS NULL
ORDER BY account_id""")


def accounts_to_check(session: Session) -> Sequence[int]:
    """Return the accounts with an enabled rule or an open alert."""
    return session.scalars(TO_CHECK).all()


def enabled(session: Session, account_id: int) -> Sequence[AlertRuleRow]:
    """Return the account's enabled rules."""
    return shelf.all(session, account_id, AlertRule.enabled.is_(True))
