"""Two programs at once: a conversation is made once, and nobody waits for ever."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from sqlalchemy import func, select

from dashboard.config import Settings
from dashboard.services.conversations import change, conversations
from dashboard.services.conversations.conversation_forms import ConversationChange, ConversationDraft
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations.contacts import ContactDraft
from dashboard.store.models import Assignment, Conversation
from dashboard.store.postgres import database
from tests import desks
from tests.desks import NOON, Acme, Recorded


def at_once(settings: Settings, deeds: list[Callable[[UnitOfWork], object]]) -> list[object]:
    """Do these things at the same moment, each on a connection of its own."""
    barrier = Barrier(len(deeds))
    engine = database.connect(settings.database_url)

    def do(deed: Callable[[UnitOfWork], object]) -> object:
        with engine.connect() as connection, database.Session(connection, expire_on_commit=False) as session:
            barrier.wait()
            return deed(desks.desk_on(session, settings, Recorded()))

    try:
        with ThreadPoolExecutor(len(deeds)) as pool:
            return list(pool.map(do, deeds))
    finally:
        engine.dispose()


def creation_of(acme: Acme, names: list[str]) -> Callable[[UnitOfWork], object]:
    drafts = [
        ConversationDraft(inbox_id=acme.support, external_id=n, contact=ContactDraft(identifier=n, name=n))
        for n in names
    ]
    return lambda work: work.finished(conversations.create_bulk(work, acme.account_id, drafts, actor_id=None, now=NOON))


def test_the_same_conversations_sent_eight_times_at_once_in_any_order_are_made_once(acme: Acme, settings: Settings):
    """Seen to deadlock with the rows written in the order given."""
    names = [f"T-{number}" for number in range(1_000)]
    deeds = [creation_of(acme, names[::-1] if turn % 2 else names) for turn in range(8)]

    answers = at_once(settings, deeds)

    assert acme.work.session.scalar(select(func.count()).select_from(Conversation)) == 1_000
    ids = [answer[::-1] if turn % 2 else answer for turn, answer in enumerate(answers)]  # type: ignore[index]
    assert all(one == ids[0] for one in ids)


def test_a_conversation_taken_by_hand_by_eight_at_once_goes_from_each_to_the_next(acme: Acme, settings: Settings):
    """E29: the ledger is one chain; seen to break with the row not locked."""
    [one] = acme.waiting(1)
    takers = [acme.agents[name] for name in ("Ana", "Bo", "Cleo", "Dov")] * 2

    def take(agent_id: int) -> Callable[[UnitOfWork], object]:
        wanted = ConversationChange(assignee_id=agent_id)
        return lambda work: work.finished(
            change.change(work, acme.account_id, one, wanted, actor_id=agent_id, now=NOON)
        )

    at_once(settings, [take(agent_id) for agent_id in takers])

    rows = acme.work.session.scalars(select(Assignment).order_by(Assignment.id)).all()
    assert [row.previous_agent_id for row in rows] == [None, *(row.agent_id for row in rows[:-1])]
    assert acme.assignees([one]) == acme.names([rows[-1].agent_id])
