"""Carries out writes in a helpdesk: read again, compare, assign, check the answer (C13, C14, C18).

The calls run side by side in threads and touch no store. Their results are written one by one, each in its own unit of
work. A killed worker's leases end with it, or after a while where others write at the same time. The next worker
reads again before anything else.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import uniform

import structlog

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import HelpdeskConversation
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import explaining, state
from dashboard.services.helpdesks.access import helpdesk_of
from dashboard.services.helpdesks.mirroring import gone, mirror, settlement
from dashboard.services.helpdesks.mirroring.merging import WriteFate, fate_of, target_of
from dashboard.services.helpdesks.mirroring.translation import Asked, MirrorView
from dashboard.services.helpdesks.polling import failures
from dashboard.services.helpdesks.polling.reconciliation import Clock
from dashboard.store.helpdesks import connections, directory, events, links
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.links import LinkRow
from dashboard.store.helpdesks.writing import open_writes
from dashboard.store.helpdesks.writing.open_writes import OpenWrite
from dashboard.store.models.connections import ConnectionEventKind, ConnectionState
from dashboard.store.models.helpdesk_writes import WriteKind
from dashboard.store.postgres import locks

log = structlog.get_logger()
MOST_AT_ONCE = 8
LEASED_FOR = timedelta(seconds=60)
RUNS_FOR = timedelta(seconds=20)
# A decision that could not be written by then is told as such and made anew: who was free then may be gone now.
LASTS_FOR = timedelta(seconds=60)
# A helpdesk that answers again has its write within ten seconds (C28); the breaker keeps the calls few until then.
LONGEST_PAUSE = 6.0
TOO_LATE = "not written in time; decided anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A leased write with its conversation and its assignee."""

    write: OpenWrite
    link: LinkRow
    target: str | None
    is_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteAttempt:
    """The result of one attempt: the reading before the write, and the helpdesk's answer.

    `fate` is the outcome by the reading; `is_written` if the answer has our agent. `refusal`, `error` are sentences.
    """

    task: Task
    asked_at: datetime
    reading: HelpdeskConversation | None = None
    fate: WriteFate | None = None
    is_written: bool = False
    refusal: str | None = None
    error: HelpdeskUnavailable | None = None
    forbids: HelpdeskForbids | None = None


def run(work: UnitOfWork, account_id: int, connection_id: int, *, clock: Clock) -> bool:
    """Carry out a connection's writes for a while; True if another job should go on."""
    connection = connections.shelf.find(work.session, account_id, connection_id)
    if connection is None or connection.paused or connection.state is ConnectionState.BROKEN:
        return False
    with failures.recorded(work, connection, clock=clock), helpdesk_of(work, connection, Urgency.WRITE) as helpdesk:
        return _write_for_a_while(work, connection, helpdesk, clock)
    return False


def _write_for_a_while(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, clock: Clock) -> bool:
    """Write beside other processes; the leases of killed ones end at once, because nobody else would write for them."""
    until = clock() + RUNS_FOR
    work.finish()
    with locks.writer(
        work.session, connection.id, if_alone=lambda: open_writes.end_leases(work.session, connection.id)
    ):
        while (more := carry_out(work, connection, helpdesk, clock=clock)) and clock() < until:
            pass
        explaining.explain(work, connection, helpdesk, clock=clock)
    return more


def carry_out(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, clock: Clock) -> bool:
    """Carry out the writes that are due; True if more may be due at once."""
    now = clock()
    leased = open_writes.lease(work.session, connection.id, most=MOST_AT_ONCE, now=now, until=now + LEASED_FOR)
    view = MirrorView(connection=connection, directory=directory.read(work.session, connection.id))
    tasks = _tasks(work, view, leased, now)
    work.finish()
    if not tasks:
        return False
    with ThreadPoolExecutor(max_workers=MOST_AT_ONCE) as pool:
        waiting = [pool.submit(_attempt, helpdesk, view, task, clock) for task in tasks]
        for done in as_completed(waiting):
            _record(work, view, done.result(), clock)
            work.finish()
    return True


def _tasks(work: UnitOfWork, view: MirrorView, leased: Sequence[OpenWrite], now: datetime) -> list[Task]:
    """Return the writes with their links; those of a vanished conversation or an agent without a match fail at once."""
    tasks = []
    for write in leased:
        link, target = links.of_conversation(work.session, write.conversation_id), target_of(write, view)
        if link is None or (target is None and write.agent_id is not None):
            reason = "the conversation is gone there" if link is None else "the agent is nobody there"
            settlement.fail(work, view, write, reason=reason, now=now)
            continue
        late = write.kind is WriteKind.CLAIM and now > write.at + LASTS_FOR
        tasks.append(Task(write=write, link=link, target=target, is_late=late))
    return tasks


def _attempt(helpdesk: Helpdesk, view: MirrorView, task: Task, clock: Clock) -> WriteAttempt:
    """Read, compare and assign; touches no store, and raises nothing."""
    asked_at = clock()
    found = WriteAttempt(task=task, asked_at=asked_at)
    try:
        reading = helpdesk.read_one(task.link.key)
        if reading is None:
            return found
        fate = fate_of(task.write, reading, view, asked_at=asked_at)
        found = replace(found, reading=reading, fate=fate)
        return found if fate is not WriteFate.OPEN or task.is_late else _assign(helpdesk, found)
    except HelpdeskUnavailable as error:
        return replace(found, error=error)
    except HelpdeskForbids as error:
        return replace(found, forbids=error)


def _assign(helpdesk: Helpdesk, found: WriteAttempt) -> WriteAttempt:
    if found.reading is None:
        return found
    answer = helpdesk.assign(found.reading, found.task.target)
    if answer.refusal is not None:
        return replace(found, refusal=answer.refusal)
    if answer.changed or answer.assignee_id != found.task.target:
        return replace(found, error=HelpdeskUnavailable("Its answer did not name our agent; it is read again."))
    return replace(found, is_written=True)


def _record(work: UnitOfWork, view: MirrorView, found: WriteAttempt, clock: Clock) -> None:
    """Write the result of an attempt; the mirror takes over its reading wherever that decides."""
    write, link, now = found.task.write, found.task.link, clock()
    if found.error or found.forbids:
        _put_off(work, view, found, now)
    elif found.reading is None:
        settlement.fail(work, view, write, reason="the conversation is gone there", now=now)
        gone.close(work, view, link, now=now)
    elif found.refusal is not None:
        settlement.refuse(work, view, write, sentence=found.refusal, now=now)
    elif found.is_written:
        _written(work, view, found, now)
    elif found.fate is WriteFate.OPEN:
        settlement.fail(work, view, write, reason=TOO_LATE, now=now)
    else:
        mirror.apply(work, view, [found.reading], Asked(at=found.asked_at, cause="write"))


def _written(work: UnitOfWork, view: MirrorView, found: WriteAttempt, now: datetime) -> None:
    """Note the helpdesk's word that our agent has it: readings from before are older now."""
    task = found.task
    if not open_writes.written(work.session, task.write.id, now=now):
        return
    is_taken = task.target is not None
    links.save(work.session, [replace(task.link, assignee=task.target, taken=is_taken, asked_at=now)])
    link = task.link
    told = NewEvent(
        account_id=link.account_id,
        connection_id=link.connection_id,
        at=now,
        kind=ConnectionEventKind.WRITE,
        cause=f"{task.write.kind.value} written",
        external_id=link.external_id,
        display_id=link.display_id,
        conversation_id=link.conversation_id,
    )
    events.record(work.session, [told])
    work.notes.changed(view.connection.account_id)


def _put_off(work: UnitOfWork, view: MirrorView, found: WriteAttempt, now: datetime) -> None:
    """Try again later: whether the write happened is open until the conversation was read again."""
    write = found.task.write
    pause = min(2.0**write.attempts, LONGEST_PAUSE) * uniform(0.5, 1.0)
    due_at = now + timedelta(seconds=pause)
    if found.error:
        due_at = max(due_at, found.error.retry_at or due_at)
        open_writes.put_off(work.session, write.id, due_at=due_at, reason=found.error.sentence)
    elif found.forbids:
        open_writes.put_off(work.session, write.id, due_at=due_at, reason=found.forbids.sentence)
        state.breaks(work, view.connection, f"{found.forbids.sentence} {found.forbids.fix}", now=now)
