"""Labels that the account suggests; conversations keep theirs whatever becomes of the suggestion."""

from datetime import datetime

from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import Cause
from dashboard.services.core.audited_crud import Changed, Noun
from dashboard.services.core.baselines import ANYTHING, Seen
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.core.transaction import all_or_nothing
from dashboard.services.core.unit_of_work import Desk
from dashboard.services.inboxes.inbox_forms import NewLabel
from dashboard.services.policies import capacity_policies
from dashboard.services.policies.policy_forms import CapacityPolicyEdit, Exclusions
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import teams_and_labels
from dashboard.store.inboxes.teams_and_labels import LabelRow, labels
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow
from dashboard.store.policies import capacity_policies as capacity_store
from dashboard.store.policies.capacity_policies import CapacityRow
from dashboard.store.postgres import locks
from dashboard.store.postgres.bulk import record

__all__ = ["LabelRow", "change", "create", "remove", "show_all"]

LABEL = Noun(subject="label", shelf=labels, unique="title")


def show_all(desk: Desk, account_id: int, page: Page) -> Listed[LabelRow]:
    """Return the labels."""
    return labels.page(desk.session, account_id, page)


def create(desk: Desk, account_id: int, new: NewLabel, *, actor_id: int | None, now: datetime) -> LabelRow | Invalid:
    """Suggest a label from now on."""
    row = audited_crud.add(desk, account_id, LABEL, record(new), cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return row


def change(
    desk: Desk,
    account_id: int,
    label_id: int,
    edit: NewLabel,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Seen = ANYTHING,
) -> LabelRow | Invalid | None:
    """Call a label something else; conversations that carry it and rules that name it follow.

    Nothing may be given out then that might not before, so no run is started.
    """
    cause = Cause(actor_id=actor_id, now=now)
    with all_or_nothing(desk) as whole:
        before = labels.lock(whole.desk.session, account_id, label_id)
        if before is None:
            return None
        values = seen.judged({"title": edit.title}, record(before))
        if isinstance(values, Stale):
            return values
        changed = audited_crud.change(whole.desk, account_id, LABEL, before, values=values, cause=cause)
        if isinstance(changed, Invalid):
            return changed
        if changed.differs_in("title"):
            _follow(whole.desk, account_id, changed, cause)
        whole.desk.signals.changed(account_id)
        whole.commit(account_id, reach=())
        return changed.after


def remove(
    desk: Desk, account_id: int, label_id: int, *, actor_id: int | None, now: datetime, seen: Seen = ANYTHING
) -> LabelRow | Stale | None:
    """Suggest a label no longer."""
    before = labels.lock(desk.session, account_id, label_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(desk, seen, {}, before), Stale):
        return stale
    audited_crud.remove(desk, account_id, LABEL, before, cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return before


def _follow(desk: Desk, account_id: int, changed: Changed[LabelRow], cause: Cause) -> None:
    """Rename it in the rules, then in conversations, with batches kept out of the inboxes that the rules are for.

    A batch reads the rules before the conversations: between the two it would give out what is excluded.
    """
    before, after = changed.before.title, changed.after.title
    policies = capacity_store.excluding(desk.session, account_id, before)
    touched = [*policies, *capacity_store.excluding(desk.session, account_id, after)]
    limits = capacity_store.limits_of(desk.session, account_id, [policy.id for policy in touched])
    locks.share_inboxes(desk.session, {limit.inbox_id for several in limits.values() for limit in several})
    for policy in policies:
        if held := capacity_store.shelf.lock(desk.session, account_id, policy.id):
            edit = CapacityPolicyEdit(exclusion_rules=_renamed(held, before, after))
            capacity_policies.change(desk, account_id, held.id, edit, actor_id=cause.actor_id, now=cause.now)
    followed = teams_and_labels.relabel(desk.session, account_id, before, after)
    told = (Event.CONVERSATION_UPDATED,)
    ledger.write_events(
        desk.session,
        [EventRow(account_id=account_id, events=told, conversation_id=one, at=cause.now) for one in followed],
    )


def _renamed(policy: CapacityRow, before: str, after: str) -> Exclusions:
    titles = (after if title == before else title for title in policy.excluded_labels)
    return Exclusions(
        excluded_labels=tuple(dict.fromkeys(titles)), exclude_older_than_hours=policy.exclude_older_than_hours
    )
