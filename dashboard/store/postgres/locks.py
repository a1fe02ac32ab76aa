"""Locks, always in this order: inboxes by id, agents by id, conversations by id. Any other order deadlocks."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import partial

from sqlalchemy import Connection, func, select, text

from dashboard.store.models import AccountUser
from dashboard.store.postgres.database import Session

# The inboxes' advisory locks, apart from other numbers in this database.
INBOX_LOCKS = 0x1B0C << 48
CONNECTION_LOCKS, WRITE_LOCKS, WRITER_LOCKS = 0x1B0D << 48, 0x1B0E << 48, 0x1B0F << 48
TRY_LOCK = text("SELECT pg_try_advisory_lock(:key)")
LOCK, UNLOCK = text("SELECT pg_advisory_lock(:key)"), text("SELECT pg_advisory_unlock(:key)")
SHARE, UNSHARE = text("SELECT pg_advisory_lock_shared(:key)"), text("SELECT pg_advisory_unlock_shared(:key)")
# Waiting transactions get the lock first, because this one queues behind them.
LET_OTHERS_IN = text("SELECT pg_advisory_unlock(:key), pg_advisory_lock(:key)")
# In the order of ids, as everywhere.
SHARE_INBOXES = text(
    """
    SELECT pg_advisory_xact_lock_shared(:inbox_locks + id)
    FROM (SELECT unnest(CAST(:inbox_ids AS bigint[])) AS id ORDER BY id) AS inboxes
    """
)

TAKE_INBOXES = text(SHARE_INBOXES.text.replace("lock_shared", "lock"))


@contextmanager
def inbox_lock(session: Session, inbox_id: int) -> Iterator[Callable[[], object]]:
    """Hold the inbox's lock over whole batches: one run at a time, for any number of workers.

    Yields a function to call between batches; it releases the lock so that waiting transactions go first.

    The lock belongs to the connection, not to the transaction: the rotation advances after the commit, and the next
    batch must see that. So the session must be bound to one connection; a killed process releases the lock.
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
            session.commit()  # after a rollback, the driver would lose its prepared statements


@contextmanager
def connection_lock(session: Session, connection_id: int) -> Iterator[bool]:
    """Hold the polls of a connection to a helpdesk over several transactions; yields False if another process does."""
    key = {"key": CONNECTION_LOCKS + connection_id}
    is_held = bool(session.scalar(TRY_LOCK, key))
    session.commit()
    try:
        yield is_held
    finally:
        session.rollback()
        if is_held and not session.connection().invalidated:
            session.execute(UNLOCK, key)
            session.commit()


@contextmanager
def writer(session: Session, connection_id: int, *, if_alone: Callable[[], object]) -> Iterator[None]:
    """Be one of the processes that write in a helpdesk, over several transactions; a killed one is none any more.

    `if_alone` is called and committed first if there is no other: what they left cannot be under way.
    """
    key = {"key": WRITER_LOCKS + connection_id}
    is_alone = bool(session.scalar(TRY_LOCK, key))
    if is_alone:
        if_alone()
        session.commit()
    session.execute(SHARE, key)
    if is_alone:
        session.execute(UNLOCK, key)
    session.commit()
    try:
        yield
    finally:
        session.rollback()
        if not session.connection().invalidated:
            session.execute(UNSHARE, key)
            session.commit()


def hold_writes(session: Session, connection_id: int) -> None:
    """Let no other process lease writes of this connection until this transaction ends: they are counted first."""
    session.execute(select(func.pg_advisory_xact_lock(WRITE_LOCKS + connection_id)))


def share_inbox(session: Session, inbox_id: int) -> None:
    """Block batches until this transaction ends; other shared holders may go on."""
    session.execute(select(func.pg_advisory_xact_lock_shared(INBOX_LOCKS + inbox_id)))


def share_inboxes(session: Session, inbox_ids: Collection[int]) -> None:
    """Block batches in several inboxes until this transaction ends."""
    session.execute(SHARE_INBOXES, {"inbox_locks": INBOX_LOCKS, "inbox_ids": list(inbox_ids)})


def take_inboxes(session: Session, inbox_ids: Collection[int]) -> None:
    """Block batches and other holders of several inboxes until this transaction ends."""
    session.execute(TAKE_INBOXES, {"inbox_locks": INBOX_LOCKS, "inbox_ids": list(inbox_ids)})


def hold_agents(session: Session, account_id: int, agent_ids: Collection[int]) -> None:
    """Block other inboxes' batches from counting these agents' load until this transaction ends (E27)."""
    if agent_ids:
        session.execute(
            select(AccountUser.user_id)
            .where(AccountUser.account_id == account_id, AccountUser.user_id.in_(agent_ids))
            .order_by(AccountUser.user_id)
            .with_for_update(key_share=True)
        )
