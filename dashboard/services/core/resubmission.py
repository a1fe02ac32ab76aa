"""Double submissions of a form, as by a double click: the second one leads to the first one's row."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import audit_log
from dashboard.store.accounts.audit_log import EntryActor

WITHIN = timedelta(seconds=10)


def first_made(
    work: UnitOfWork,
    account_id: int,
    noun: Resource[Any],
    refused: Invalid,
    *,
    values: Mapping[str, Any],
    actor_id: int,
    now: datetime,
) -> int | None:
    """Return the existing row if the same person created it with these values within the last 10 seconds."""
    if noun.unique not in refused.errors:
        return None
    made = EntryActor(subject=noun.subject, values=values, actor_id=actor_id, since=now - WITHIN)
    return audit_log.made_since(work.session, account_id, made)
