"""The instants by which conversations should be assigned: business hours, and renewal after a change of rules (E54)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations.conversations import ConversationRow, InsertedConversation
from dashboard.store.inboxes import due_instants

# No run waits for a batch of this size.
BATCH = 500
# A batch in each unit of work; the next job, two seconds later, goes on.
MOST_BATCHES = 40
# Every transaction that had read the older rules has ended by then.
READERS_END_AFTER = timedelta(minutes=1)


def renew(work: UnitOfWork, *, now: datetime) -> int:
    """Renew waiting conversations of inboxes with changed rules, each batch committed; return their number."""
    count = due_instants.count_all_hours(work.session, most=BATCH)
    work.finish()
    for _ in range(MOST_BATCHES):
        batch = due_instants.renew(work.session, most=BATCH, before=now - READERS_END_AFTER)
        if batch is None:
            work.abandon()
            break
        if batch.count:
            work.notes.changed(batch.account_id)
        work.finish()
        count += batch.count
    return count


def with_hours(work: UnitOfWork, row: ConversationRow) -> ConversationRow:
    """Count the business hours of a saved conversation if its instant is rough, and return it."""
    if not row.due_is_rough:
        return row
    counted = due_instants.count_hours(work.session, [row.id])
    return replace(row, due_at=counted[row.id], due_is_rough=False)


def count_hours(work: UnitOfWork, added: Sequence[InsertedConversation]) -> None:
    """Count the business hours of new conversations with rough instants."""
    if rough := [one.id for one in added if one.due_is_rough]:
        due_instants.count_hours(work.session, rough)
