"""What an earlier release left is brought along, and the earlier release goes on while that is done."""

from collections.abc import Iterator
from threading import Thread

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dashboard.store.assignment import open_counts
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Session
from tests.waiting import eventually

DESK = """
INSERT INTO accounts (name) VALUES ('Acme');
INSERT INTO users (email) VALUES ('ana@acme.example');
INSERT INTO account_users (account_id, user_id, name, role) VALUES (1, 1, 'Ana', 'agent');
INSERT INTO inboxes (account_id, name) VALUES (1, 'Support');
INSERT INTO conversations (account_id, inbox_id, created_at, last_activity_at, waiting_since)
  SELECT 1, 1, now(), now(), now() FROM generate_series(1, 3);
INSERT INTO conversations (account_id, inbox_id, assignee_id, assigned_at, created_at, last_activity_at)
  SELECT 1, 1, 1, now(), now(), now() FROM generate_series(1, 2)
"""
# As the release before 0012 asked and folded.
EARLIER_READ = text("SELECT team_id, sum(count) FROM waiting_counts WHERE account_id = 1 AND inbox_id = 1 GROUP BY 1")
EARLIER_FOLD = text("""
WITH taken AS (
  DELETE FROM waiting_counts WHERE id IN (
    SELECT id FROM waiting_counts WHERE inbox_id IN (
      SELECT inbox_id FROM waiting_counts GROUP BY inbox_id, team_id HAVING count(*) > 1
    ) FOR UPDATE SKIP LOCKED
  ) RETURNING *
)
INSERT INTO waiting_counts (account_id, inbox_id, team_id, count)
SELECT account_id, inbox_id, team_id, sum(count) FROM taken
GROUP BY account_id, inbox_id, team_id HAVING sum(count) <> 0
""")


WAITS_FOR_ACCOUNTS = text("SELECT count(*) FROM pg_locks WHERE relation = CAST('accounts' AS regclass) AND NOT granted")


@pytest.fixture
def at_0011(empty: str) -> Iterator[Session]:
    """A database as the release before 0012 left it, with three that wait and two that Ana holds."""
    command.upgrade(database.alembic(empty), "0011")
    engine = database.connect(empty)
    with Session(engine) as session:
        for statement in DESK.split(";"):
            session.execute(text(statement))
        session.commit()
        yield session
    engine.dispose()


def counted(session: Session) -> tuple[dict[int | None, int], dict[int, dict[int, int]]]:
    return dict(open_counts.waiting(session, 1, 1)), {
        a: dict(held) for a, held in open_counts.held(session, 1, [1]).items()
    }


def test_what_was_open_before_is_counted(at_0011: Session, empty: str):
    """E15, E46"""
    database.migrate(empty)

    assert counted(at_0011) == ({None: 3}, {1: {1: 2}})


def test_an_earlier_release_reads_writes_and_folds_as_before(at_0011: Session, empty: str):
    """E46: a new release is migrated to while the old one serves."""
    database.migrate(empty)
    for _ in range(2):
        at_0011.execute(
            text("""
            UPDATE conversations SET assignee_id = 1, assigned_at = now(), waiting_since = NULL
            WHERE id = (SELECT min(id) FROM conversations WHERE assignee_id IS NULL)""")
        )

    before = at_0011.execute(EARLIER_READ).all()
    at_0011.execute(EARLIER_FOLD)

    assert before == at_0011.execute(EARLIER_READ).all() == [(None, 1)]
    assert counted(at_0011) == ({None: 1}, {1: {1: 4}})


def test_who_has_read_and_would_write_is_waited_for(at_0011: Session, empty: str):
    """Seen to fail, by a deadlock, with the earlier table dropped in the transaction that counts."""
    at_0011.execute(text("SELECT FROM accounts"))
    migrating = Thread(target=database.migrate, args=[empty])
    migrating.start()
    eventually(lambda: at_0011.scalar(WAITS_FOR_ACCOUNTS))

    at_0011.execute(text("UPDATE conversations SET subject = 'Hello' WHERE id = 1"))
    at_0011.commit()
    migrating.join()

    assert counted(at_0011) == ({None: 3}, {1: {1: 2}})


def test_addresses_that_differ_in_case_become_one_contact(empty: str):
    """E73: the one in lower case remains, else the oldest; an identifier that is no address stays as it is."""
    command.upgrade(database.alembic(empty), "0016")
    engine = database.connect(empty)
    identifiers = ("Ole@x.org", "ole@x.org", "Kim@x.org", "KIM@x.org", "Zoe", "zoe")
    with Session(engine) as session:
        for statement in DESK.split(";")[:4]:
            session.execute(text(statement))
        for contact in identifiers:
            session.execute(text("INSERT INTO contacts (account_id, identifier) VALUES (1, :it)"), {"it": contact})
        session.execute(text(HELD_BY_EACH_CONTACT))
        session.commit()
        command.upgrade(database.alembic(empty), "head")

        named = session.execute(text(CONTACT_OF_EACH)).all()
    engine.dispose()

    assert [row.identifier for row in named] == ["ole@x.org", "ole@x.org", "kim@x.org", "kim@x.org", "Zoe", "zoe"]


@pytest.mark.parametrize(
    ("table", "column", "secret"),
    [("inboxes", "name", ""), ("teams", "name", ""), ("webhooks", "url", ", secret")],
)
def test_rows_that_share_a_name_stay_and_a_new_one_does_not_come(empty: str, table: str, column: str, secret: str):
    """Seen to fail with an index over all rows: the migration ended at the first double."""
    command.upgrade(database.alembic(empty), "0018")
    engine = database.connect(empty)
    add = text(f"INSERT INTO {table} (account_id, {column}{secret}) VALUES (1, :it{secret and ', :it'}) RETURNING id")
    with Session(engine) as session:
        session.execute(text("INSERT INTO accounts (name) VALUES ('Acme')"))
        ids = [session.scalar(add, {"it": it}) for it in ("Night", "Night", "Day", "Night")]
        session.commit()
        database.migrate(empty)

        doubles = session.scalars(text(f"SELECT id FROM {table} WHERE is_double ORDER BY id")).all()
        # As an earlier release saves and renames.
        session.execute(text(f"UPDATE {table} SET {column} = 'Night' WHERE id = {ids[1]}"))
        session.execute(text(f"UPDATE {table} SET {column} = 'Dusk' WHERE id = {ids[3]}"))
        session.commit()
        left = session.scalars(text(f"SELECT id FROM {table} WHERE is_double")).all()
        for it in ("Night", "Dusk"):
            with pytest.raises(IntegrityError):
                session.execute(add, {"it": it})
            session.rollback()
    engine.dispose()

    assert doubles == [ids[1], ids[3]]
    assert left == [ids[1]]


HELD_BY_EACH_CONTACT = """
INSERT INTO conversations (account_id, inbox_id, contact_id, created_at, last_activity_at, waiting_since)
SELECT 1, 1, id, now(), now(), now() FROM contacts ORDER BY id
"""
CONTACT_OF_EACH = """
SELECT identifier FROM conversations JOIN contacts ON contacts.id = contact_id ORDER BY conversations.id
"""
