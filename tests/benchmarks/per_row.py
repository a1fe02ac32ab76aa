"""B11: the same work as helpdesks do it, one conversation after the other, on the same stores."""

from collections.abc import Iterator
from datetime import datetime
from time import perf_counter

from sqlalchemy import func, select

from dashboard import clock
from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.ledger.ledger import Event
from dashboard.store.models import Assignment, Conversation, OutboxEvent
from tests.benchmarks.bench import Bench, work
from tests.benchmarks.figures import ROUNDS, Bar, Figure, Round, figure
from tests.benchmarks.floor import ACCOUNT, INBOX, Floor
from tests.benchmarks.working import assign_all

FLOOR = Floor(waiting=5_000)
BY_ROW = 50


def measure(bench: Bench) -> Iterator[Figure]:
    """Give a few by row and all by runs, from the same floor."""
    rounds = [Round(measured=_by_runs(bench), limit=_by_row(bench)) for _ in range(ROUNDS)]
    what = "5,000 waiting, batch 1,000, against one by one"
    yield figure("B11", what, rounds, unit="assignments/s", bar=Bar(at_least=50))


def _by_runs(bench: Bench) -> float:
    with bench.copy(FLOOR, bulk_limit=1_000) as settings:
        return FLOOR.waiting / assign_all(settings, FLOOR)


def _by_row(bench: Bench) -> float:
    with bench.copy(FLOOR) as settings, work(settings) as worker:
        return _give(worker)


def _give(worker: UnitOfWork) -> float:
    """Read who is there, count what each of them holds, update, commit, and again for the next conversation."""
    session, began = worker.session, perf_counter()
    for _ in range(BY_ROW):
        now = clock.now()
        present = worker.heartbeats.present(ACCOUNT, FLOOR.agent_ids, now)
        held = {agent: _held(worker, agent) for agent in present}
        under = [agent for agent in sorted(present) if held[agent] < FLOOR.capacity]
        wanted = select(Conversation).where(
            Conversation.inbox_id == INBOX, Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None)
        )
        conversation = session.scalars(
            wanted.order_by(Conversation.created_at, Conversation.id).limit(1).with_for_update()
        ).one()
        _assign(worker, conversation, min(under, key=held.__getitem__), now)
        session.commit()
    return BY_ROW / (perf_counter() - began)


def _held(worker: UnitOfWork, agent: int) -> int:
    wanted = select(func.count()).where(
        Conversation.inbox_id == INBOX, Conversation.assignee_id == agent, Conversation.status == Status.OPEN
    )
    return worker.session.scalar(wanted) or 0


def _assign(worker: UnitOfWork, conversation: Conversation, agent: int, now: datetime) -> None:
    """Write the row, its ledger row and its two events."""
    waiting_since = conversation.waiting_since
    conversation.assignee_id, conversation.assigned_at = agent, now
    conversation.assigned_by_engine, conversation.waiting_since = True, None
    same = {"account_id": ACCOUNT, "conversation_id": conversation.id, "at": now}
    facts = {"source": Source.BY_HAND, "inbox_id": INBOX, "agent_id": agent, "waiting_since": waiting_since}
    worker.session.add(Assignment(**same, **facts))
    body = {"conversation": {"id": conversation.id, "subject": conversation.subject, "assignee_id": agent}}
    for event in (Event.ASSIGNEE_CHANGED, Event.CONVERSATION_UPDATED):
        worker.session.add(OutboxEvent(**same, event=event, body={"event": event, **body}))
