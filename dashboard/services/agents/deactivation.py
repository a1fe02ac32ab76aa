"""Release of a deactivated agent's conversations, and removal of the agent's heartbeat (E31)."""

from datetime import datetime

import structlog

from dashboard.engine.decisions import Source
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import release_all as release_conversations
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.helpdesks.writing import writes
from dashboard.store.helpdesks.writing.writes import ChangedAssignee
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import AssignmentRow, AssignmentSource
from dashboard.store.models.helpdesk_writes import WriteKind

log = structlog.get_logger()


def release_all(work: UnitOfWork, account_id: int, agent_id: int, *, actor_id: int | None, now: datetime) -> set[int]:
    """Release the agent's open conversations in this transaction, and return their inbox ids."""
    released = release_conversations.release_open(work.session, account_id, agent_id, now)
    rows = [
        AssignmentRow(
            account_id=account_id,
            conversation_id=one.conversation_id,
            inbox_id=one.inbox_id,
            agent_id=None,
            previous_agent_id=agent_id,
            source=Source.RELEASE,
            reason=AssignmentSource.AGENT_REMOVED,
            actor_id=actor_id,
            at=now,
        )
        for one in released
    ]
    ledger.write_assignments(work.session, rows)
    ledger.write_events(work.session, ledger.assignment_events(rows))
    for connection_id in writes.changed(work.session, [_write(row) for row in rows]):
        work.notes.writes(account_id, connection_id)
    return {one.inbox_id for one in released}


def _write(row: AssignmentRow) -> ChangedAssignee:
    """Return the release for the helpdesk of the conversation, if it is in one."""
    return ChangedAssignee(
        conversation_id=row.conversation_id,
        kind=WriteKind.RELEASE,
        agent_id=None,
        previous_agent_id=row.previous_agent_id,
        at=row.at,
    )


def forget(work: UnitOfWork, account_id: int, agent_id: int) -> None:
    """Delete the agent's heartbeat; a failure of Redis is only logged, because no query reads an inactive agent's."""
    try:
        work.heartbeats.leave(account_id, [agent_id])
    except StoreUnavailable as error:
        log.warning("agent_not_forgotten", account=account_id, agent=agent_id, error=str(error))
