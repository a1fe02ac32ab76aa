"""The check of the alert rules: opens alerts and closes them, each once, whatever the number of workers."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from dashboard.services.alerts.kinds import entry_of
from dashboard.services.alerts.readings import Readings
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.alerts import alerts, notices, rules
from dashboard.store.alerts.alerts import NewAlert
from dashboard.store.alerts.rules import AlertRuleRow
from dashboard.store.core.errors import DatabaseFailed, StoreUnavailable
from dashboard.store.ledger.ledger import Event

log = structlog.get_logger()
CHECKED_EVERY = timedelta(seconds=15)
WELL_FOR = timedelta(seconds=60)


def check(work: UnitOfWork, *, now: datetime) -> None:
    """Check the rules of all accounts, each in a unit of work, and have due notices sent."""
    for account_id in rules.accounts_to_check(work.session):
        try:
            check_account(work, account_id, now=now)
            work.finish()
        except (StoreUnavailable, DatabaseFailed):
            raise
        except Exception as error:  # noqa: BLE001  the other accounts are checked
            log.error("alerts_not_checked", account=account_id, error=f"{type(error).__name__}: {error}")
            work.abandon()
    if notices.is_due(work.session, now=now):
        work.signals.send_notices()
    work.finish()


def check_account(work: UnitOfWork, account_id: int, *, now: datetime) -> None:
    """Open and close the alerts of one account by what holds at this instant.

    The readings may be older than those of a check at the same time. The index of open alerts and the condition of the
    closing decide, so that each alert opens and closes once.
    """
    readings = Readings(work=work, account_id=account_id, now=now)
    found: list[NewAlert] = []
    known: list[int] = []
    for rule in rules.enabled(work.session, account_id):
        held = _held(readings, rule)
        if held is not None:
            known.append(rule.id)
            found += held
    alerts.hold(work.session, account_id)
    opened = alerts.open_new(work.session, account_id, found, now=now)
    closed = alerts.close_well(work.session, account_id, found, known=known, well_before=now - WELL_FOR, now=now)
    _announce(work, account_id, opened=opened, closed=closed, now=now)


def _held(readings: Readings, rule: AlertRuleRow) -> list[NewAlert] | None:
    """Return where the rule's condition holds, None if it cannot be known."""
    found = entry_of(rule.kind).condition(readings, rule)
    if found is None:
        return None
    return [
        NewAlert(rule_id=rule.id, inbox_id=one.inbox_id, sentence=one.sentence)
        for one in found
        if rule.inbox_id in (None, one.inbox_id)
    ]


def _announce(
    work: UnitOfWork, account_id: int, *, opened: Sequence[int], closed: Sequence[int], now: datetime
) -> None:
    session = work.session
    alerts.write_events(session, Event.ALERT_OPENED, opened, now=now)
    alerts.write_events(session, Event.ALERT_CLOSED, closed, now=now)
    notices.add_opened(session, opened, now=now)
    notices.add_closed(session, closed, now=now)
    if opened or closed:
        work.notes.changed(account_id)
        log.info("alerts_changed", account=account_id, opened=list(opened), closed=list(closed))
