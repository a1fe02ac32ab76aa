"""Alert rules: creation, change, removal."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.services.alerts.alert_forms import AlertRuleEdit
from dashboard.services.alerts.kinds import entry_of
from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.alerts import channels
from dashboard.store.alerts import rules as store
from dashboard.store.alerts.rules import AlertRuleRow
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import inboxes
from dashboard.store.postgres.bulk import json_row

RULE = Resource(subject="alert_rule", shelf=store.shelf)
NEEDED, NOT_NEEDED = "A rule of this kind needs this.", "A rule of this kind has no such number."
TOO_HIGH = "Must be at most {}."
NO_INBOX, NO_CHANNEL = "There is no such inbox.", "There is no such channel."
OF_ACCOUNT = "A rule of this kind is of the whole account."


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[AlertRuleRow]:
    """Return a page of the rules."""
    return store.shelf.page(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, rule_id: int) -> AlertRuleRow | None:
    """Return a rule."""
    return store.shelf.find(work.session, account_id, rule_id)


def create(
    work: UnitOfWork, account_id: int, edit: AlertRuleEdit, *, actor_id: int | None, now: datetime
) -> AlertRuleRow | Invalid:
    """Create a rule; the next check looks at it."""
    values = sent_fields(edit)
    if refusal := _refusal(work, account_id, values):
        return refusal
    values |= {"channel_ids": list(values["channel_ids"]), "created_at": now}
    return audited_crud.add(work, account_id, RULE, values, cause=ActorContext(actor_id=actor_id, now=now))


def change(
    work: UnitOfWork,
    account_id: int,
    rule_id: int,
    edit: AlertRuleEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AlertRuleRow | Invalid | None:
    """Change a rule; an open alert of a disabled rule closes at the next check."""
    before = store.shelf.lock(work.session, account_id, rule_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    if refusal := _refusal(work, account_id, {**json_row(before), **values}):
        return refusal
    cause = ActorContext(actor_id=actor_id, now=now)
    changed = audited_crud.change(work, account_id, RULE, before, values=values, cause=cause)
    return changed if isinstance(changed, Invalid) else changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    rule_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AlertRuleRow | Stale | None:
    """Remove a rule; its alerts stay, and the open ones close at the next check."""
    before = store.shelf.lock(work.session, account_id, rule_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    audited_crud.remove(work, account_id, RULE, before, cause=ActorContext(actor_id=actor_id, now=now))
    return before


def _refusal(work: UnitOfWork, account_id: int, values: Mapping[str, Any]) -> Invalid | None:
    """Return what is wrong with a whole rule."""
    kind = entry_of(values["kind"])
    limits = {"threshold": kind.most_threshold, "minutes": kind.most_minutes}
    for name, most in limits.items():
        if sentence := _wrong_number(values[name], most):
            return invalid(name, sentence)
    if (inbox_id := values["inbox_id"]) is not None:
        if not kind.of_inbox:
            return invalid("inbox_id", OF_ACCOUNT)
        if inboxes.shelf.find(work.session, account_id, inbox_id) is None:
            return invalid("inbox_id", NO_INBOX)
    if set(values["channel_ids"]) - channels.hold(work.session, account_id, values["channel_ids"]):
        return invalid("channel_ids", NO_CHANNEL)
    return None


def _wrong_number(value: int | None, most: int | None) -> str | None:
    if (value is None) != (most is None):
        return NEEDED if value is None else NOT_NEEDED
    return TOO_HIGH.format(most) if value is not None and most is not None and value > most else None
