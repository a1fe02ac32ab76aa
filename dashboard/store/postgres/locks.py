"""Locks, always taken in this order: inboxes by id, agents by id, conversations by id. Any other order deadlocks."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection, func, select, text

from dashboard.store.models import AccountUser
from dashboard.store.postgres.database import Session

# Inboxes' advisory locks live beside whatever else the database locks by number.
INBOX_LOCKS = 0x1B0C << 48
LOCK, UNLOCK = text("SELECT pg_advisory_lock(:key)"), text("SELECT pg_advisory_unlock(:key)")
# Who waits gets the lock as it is let go, so this one stands behind them.
LET_OTHERS_IN = text("SELECT pg_advisory_unlock(:key), pg_advisory_lock(:key)")
# In the order of their ids, as everybody takes these locks.
SHARE_INBOXES = text(
    """
    SELECT pg_advisory_xact_lock_shared(:inbox_locks + id)
    FROM (SELECT unnest(CAST(:inbox_ids AS bigint[])) AS id ORDER BY id) AS inboxes
    """
)


@contextmanager
def inbox_lock(session: Session, inbox_id: int) -> Iterator[Callable[[], object]]:
    """Hold the inbox through whole batches: one at a time, whatever the number of workers.

    What it gives is called between two of them, so that who waits for the inbox goes first.

    The lock is the connection's, not the transaction's, because the rotation moves after the commit and the next
    batch must see it moved. So the session must be bound to one connection; a killed process lets go of it.
    """
    connection = session.get_bind()
    if not isinstance(connection, Connection):
        raise TypeError("a batch needs a session that is bound to one connection")
    key = {"key": INBOX_LOCKS + inbox_id}
    session.execute(LOCK, key)
    try:
        yield partial(session.execute, LET_OTHERS_IN, key)
    finally:
        session.rollback()
        if not connection.invalidated:
            session.execute(UNLOCK, key)
            session.commit()  # a rollback would have the driver forget what it has prepared


def share_inbox(session: Session, inbox_id: int) -> None:
    """Keep batches out until this transaction ends; other people's changes may go on beside it."""
    session.execute(select(func.pg_advisory_xact_lock_shared(INBOX_LOCKS + inbox_id)))


def share_inboxes(session: Session, inbox_ids: Collection[int]) -> None:
    """Keep batches out of several inboxes until this transaction ends."""
    session.execute(SHARE_INBOXES, {"inbox_locks": INBOX_LOCKS, "inbox_ids": list(inbox_ids)})


def hold_agents(session: Session, account_id: int, agent_ids: Collection[int]) -> None:
    """Keep other inboxes' batches from counting these agents' load until this transaction ends (E27)."""
    if agent_ids:
        session.execute(
            select(AccountUser.user_id)
            .where(AccountUser.account_id == account_id, AccountUser.user_id.in_(agent_ids))
            .order_by(AccountUser.user_id)
            .with_for_update(key_share=True)
        )
