"""The end of an open write by a reading: it is there, or somebody decided meanwhile and theirs stands (C13, C14)."""

from datetime import datetime

from dashboard.helpdesks.port import HelpdeskConversation
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.merging import WriteFate
from dashboard.services.helpdesks.translation import View
from dashboard.store.helpdesks import open_writes
from dashboard.store.helpdesks.open_writes import OpenWrite
from dashboard.store.models.connections import WriteState


def settle(
    work: UnitOfWork, view: View, write: OpenWrite, fate: WriteFate, *, reading: HelpdeskConversation, now: datetime
) -> None:
    """End the write as the reading shows; one that stays open is left to whoever carries it out."""
    if fate is WriteFate.THERE:
        open_writes.end(work.session, write.id, WriteState.WRITTEN, now=now)
    if fate is WriteFate.LOST:
        holder = view.directory.name_of_agent(reading.assignee_id)
        reason = f"lost to {holder}" if holder else "changed in the helpdesk"
        open_writes.end(work.session, write.id, WriteState.LOST_RACE, now=now, reason=reason)
