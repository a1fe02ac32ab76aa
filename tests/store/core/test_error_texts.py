"""What is logged of a store's error holds no value: those are customers' words."""

import traceback

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from dashboard.store.core.errors import StoreUnavailable, translate_redis_errors
from dashboard.store.models import Account, Inbox, Label
from dashboard.store.postgres.database import Session
from dashboard.store.redis import client as redis_client

SECRET = "Ms Moneypenny's locker"


def logged(error: BaseException) -> str:
    """Return all that a log line with a traceback tells of an error."""
    return f"{error} {error!r} {''.join(traceback.format_exception(error))}"


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        ("SELECT CAST(:secret AS int)", "InvalidTextRepresentation"),
        ("SELECT CAST(:secret AS timestamptz)", "InvalidDatetimeFormat"),
        ("SELECT json_object(CAST(:secret AS text[]))", "InvalidTextRepresentation"),
        ("DO $$ BEGIN RAISE EXCEPTION 'Ms Moneypenny''s locker'; END $$", "RaiseException"),
        ("SELECT nobody FROM accounts WHERE name = :secret", 'column "nobody" does not exist'),
    ],
)
def test_an_error_of_a_statement_names_what_failed_and_no_value(session: Session, statement: str, kept: str) -> None:
    """Seen to fail with the driver's own texts."""
    with pytest.raises(DBAPIError) as raised:
        session.execute(text(statement), {"secret": SECRET} if ":secret" in statement else {})

    assert kept in logged(raised.value)
    assert "locker" not in str(raised.value).partition("[SQL:")[0]
    if ":secret" in statement:
        assert "locker" not in logged(raised.value)


def test_a_constraint_is_named_without_the_row_that_it_refuses(session: Session) -> None:
    """Seen to fail with the driver's details: Key (account_id, title)=(1, Ms Moneypenny's locker) already exists."""
    account_id = session.scalar(insert(Account).values(name="Acme").returning(Account.id))
    twice = insert(Label).values([{"account_id": account_id, "title": SECRET}] * 2)
    for statement in (twice, insert(Inbox).values(account_id=404, name=SECRET)):
        with pytest.raises(DBAPIError) as raised, session.begin_nested():
            session.execute(statement)

        assert "violates" in str(raised.value)
        assert "locker" not in logged(raised.value)


def test_an_error_of_many_commands_names_no_value(redis_url: str) -> None:
    """Seen to fail with the client's own text, which holds the command."""
    client = redis_client.connect(redis_url)
    client.set("word", "text")

    with pytest.raises(StoreUnavailable, match=r"^drawings: WRONGTYPE") as raised, translate_redis_errors("drawings"):
        client.pipeline(transaction=False).hset("word", "key", SECRET).execute()

    assert "locker" not in logged(raised.value)
