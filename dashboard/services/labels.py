"""Labels that the account suggests; conversations keep theirs whatever becomes of the suggestion."""

from datetime import datetime

from dashboard.services import keeping
from dashboard.services.auditing import Cause
from dashboard.services.desk import Desk
from dashboard.services.forms.desk import NewLabel
from dashboard.services.keeping import Noun
from dashboard.services.refusals import Invalid
from dashboard.store.bulk import record
from dashboard.store.paging import Listed, Page
from dashboard.store.teams import LabelRow, labels

__all__ = ["LabelRow", "create", "remove", "show_all"]

LABEL = Noun(subject="label", shelf=labels, unique="title")


def show_all(desk: Desk, account_id: int, page: Page) -> Listed[LabelRow]:
    """Return the labels."""
    return labels.page(desk.session, account_id, page)


def create(desk: Desk, account_id: int, new: NewLabel, *, actor_id: int | None, now: datetime) -> LabelRow | Invalid:
    """Suggest a label from now on."""
    row = keeping.add(desk, account_id, LABEL, record(new), cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return row


def remove(desk: Desk, account_id: int, label_id: int, *, actor_id: int | None, now: datetime) -> LabelRow | None:
    """Suggest a label no longer."""
    before = labels.lock(desk.session, account_id, label_id)
    if before is None:
        return None
    keeping.remove(desk, account_id, LABEL, before, cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return before
