"""The end of a write, by a reading or an answer: it is there, theirs stands, or it failed and is decided anew (C14)."""

from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.engine.model import Hold
from dashboard.helpdesks.values import HelpdeskConversation, NoteSetting
from dashboard.services.conversations import lost_race
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring.merging import WriteFate
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks import events
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.writing import claims_made, open_writes
from dashboard.store.helpdesks.writing.open_writes import OpenWrite
from dashboard.store.ledger.ledger import AssignmentSource
from dashboard.store.models.connections import ConnectionEventKind
from dashboard.store.models.helpdesk_writes import WriteKind, WriteState

# The reasons of the releases in the ledger.
WHY = {
    WriteState.LOST_RACE: AssignmentSource.LOST_RACE,
    WriteState.REFUSED: AssignmentSource.REFUSED_IN_HELPDESK,
    WriteState.FAILED: AssignmentSource.NOT_WRITTEN,
}
# A second refusal of the same conversation is no accident of one agent's rights.
REFUSED_AGAIN_FOR = timedelta(minutes=10)


def settle(
    work: UnitOfWork,
    view: MirrorView,
    write: OpenWrite,
    fate: WriteFate,
    *,
    reading: HelpdeskConversation,
    now: datetime,
) -> ConversationRow | None:
    """End the write as a reading shows; return the conversation if a claim of ours was taken back, else None.

    One that stays open is left to the process that carries it out.
    """
    if fate is WriteFate.THERE:
        note_due = write.kind is WriteKind.CLAIM and view.connection.note is not NoteSetting.OFF
        if open_writes.confirm(work.session, write.id, now=now, note_due=note_due) and note_due:
            work.notes.writes(write.account_id, write.connection_id)
    elif fate is WriteFate.REPLACED:
        open_writes.replace(work.session, write.id, now=now)
    elif fate is WriteFate.LOST:
        holder = view.directory.name_of_agent(reading.assignee_id)
        reason = f"lost to {holder}" if holder else "changed in the helpdesk"
        return _end(work, write, WriteState.LOST_RACE, reason=reason, now=now)
    return None


def fail(work: UnitOfWork, view: MirrorView, write: OpenWrite, *, reason: str, now: datetime) -> None:
    """End a write that cannot be made; a run's decision is made anew."""
    row = _end(work, write, WriteState.FAILED, reason=reason, now=now)
    work.notes.wakes(view.connection.account_id, [row.inbox_id] if row else [])


def refuse(work: UnitOfWork, view: MirrorView, write: OpenWrite, *, sentence: str, now: datetime) -> None:
    """End a write that the helpdesk refuses: the agent is passed over; refused again, it rests for a while."""
    is_again = claims_made.has_refused(work.session, write.conversation_id)
    row = _end(work, write, WriteState.REFUSED, reason=sentence, now=now)
    if row is None:
        return
    row = replace(row, had_by_id=write.agent_id)
    if is_again:
        row = replace(row, held_until=now + REFUSED_AGAIN_FOR, held_for=Hold.HANDS_OFF)
    conversations.save(work.session, row)
    work.notes.wakes(view.connection.account_id, [row.inbox_id])


def _end(
    work: UnitOfWork, write: OpenWrite, state: WriteState, *, reason: str, now: datetime
) -> ConversationRow | None:
    """End the write, and undo the effects of its claim here."""
    if not open_writes.end(work.session, write.id, state, reason=reason):
        return None
    told = NewEvent(
        account_id=write.account_id,
        connection_id=write.connection_id,
        at=now,
        kind=ConnectionEventKind.WRITE,
        cause=f"{state.value}: {reason}",
        conversation_id=write.conversation_id,
    )
    events.record(work.session, [told])
    is_claim = write.kind is WriteKind.CLAIM
    return lost_race.give_back(work, write.id, why=WHY[state], now=now) if is_claim else None
