"""The end of an open write by a reading: it is there, or somebody decided meanwhile and theirs stands (C13, C14)."""

from datetime import datetime

from dashboard.helpdesks.port import HelpdeskConversation, NoteKind
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.merging import WriteFate
from dashboard.services.helpdesks.translation import View
from dashboard.store.helpdesks import open_writes
from dashboard.store.helpdesks.open_writes import OpenWrite
from dashboard.store.models.connections import WriteKind, WriteState


def settle(
    work: UnitOfWork, view: View, write: OpenWrite, fate: WriteFate, *, reading: HelpdeskConversation, now: datetime
) -> None:
    """End the write as the reading shows; one that stays open is left to whoever carries it out."""
    if fate is WriteFate.THERE:
        note_due = write.kind is WriteKind.CLAIM and view.connection.note is not NoteKind.OFF
        open_writes.confirm(work.session, write.id, now=now, note_due=note_due)
    elif fate is WriteFate.REPLACED:
        open_writes.replace(work.session, write.id, now=now)
    elif fate is WriteFate.LOST:
        holder = view.directory.name_of_agent(reading.assignee_id)
        reason = f"lost to {holder}" if holder else "changed in the helpdesk"
        open_writes.end(work.session, write.id, WriteState.LOST_RACE, reason=reason)
