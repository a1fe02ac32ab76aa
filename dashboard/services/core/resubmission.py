"""Forms that arrive twice, as by a double click: the second leads to the row of the first."""

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
    """Return the row for which these values were refused, if the same person made it with them a moment ago."""
    if noun.unique not in refused.errors:
        return None
    made = EntryActor(subject=noun.subject, values=values, actor_id=actor_id, since=now - WITHIN)
    return audit_log.made_since(work.session, account_id, made)
