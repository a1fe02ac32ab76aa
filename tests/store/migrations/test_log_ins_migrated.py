"""What an earlier release knew of log-ins is brought to the safe side, and it goes on meanwhile."""

from collections.abc import Iterator
from threading import Thread

import pytest
from alembic import command
from sqlalchemy import text

from dashboard.store.accounts import log_ins, sessions
from dashboard.store.postgres import database
from dashboard.store.postgres.database import Session
from tests.waiting import eventually

BEFORE, BETWEEN = "0021", "0023"
# Ada founded Acme and Initech. Acme made Pia, then Globex added her; Globex made Sid, then Acme added him.
PEOPLE = """
INSERT INTO accounts (name, created_at)
  VALUES ('Acme', '2026-03-01'), ('Globex', '2026-03-02'), ('Initech', '2026-03-03');
INSERT INTO users (email, password_hash, session_epoch)
  VALUES ('ada@x.example', 'of ada', 0), ('pia@x.example', 'of acme', 3), ('sid@x.example', 'of sid', 0),
    ('dov@x.example', NULL, 0);
INSERT INTO account_users (account_id, user_id, name, role, created_at)
  VALUES (1, 1, 'Ada', 'administrator', '2026-03-01'), (3, 1, 'Ada', 'administrator', '2026-03-03'),
    (1, 2, 'Pia', 'agent', '2026-03-04'), (2, 2, 'Pia', 'administrator', '2026-03-05'),
    (2, 3, 'Sid', 'administrator', '2026-03-02'), (1, 3, 'Sid', 'agent', '2026-03-06'),
    (2, 4, 'Dov', 'agent', '2026-03-04');
UPDATE account_users SET active = false WHERE user_id = 4;
INSERT INTO api_tokens (account_id, user_id, token_hash) VALUES (2, 4, 'of dov'), (2, 3, 'of sid')
"""
# As the release before asked, and made an agent of an address.
EARLIER_LOG_IN = text("""
SELECT u.account_id FROM account_users u JOIN users l ON l.id = u.user_id
WHERE u.active AND l.email = :email ORDER BY u.created_at, u.account_id LIMIT 1""")
EARLIER_USER = text("INSERT INTO users (email) VALUES (:email) ON CONFLICT DO NOTHING RETURNING id")
EARLIER_AGENT = text("""
INSERT INTO account_users (account_id, user_id, name, role) VALUES (:account_id, :user_id, 'New', 'agent')
ON CONFLICT DO NOTHING RETURNING user_id""")
WAITS_FOR_MEMBERSHIPS = text(
    "SELECT count(*) FROM pg_locks WHERE relation = CAST('account_users' AS regclass) AND NOT granted"
)


@pytest.fixture
def earlier(empty: str) -> Iterator[Session]:
    """A database as the release before left it."""
    command.upgrade(database.alembic(empty), BEFORE)
    engine = database.connect(empty)
    with Session(engine) as session:
        for statement in PEOPLE.split(";"):
            session.execute(text(statement))
        session.commit()
        yield session
    engine.dispose()


def opened(session: Session, email: str) -> dict[str, str]:
    """Return the accounts that some password of an address opens, with what is kept of it."""
    found = {one.viewer.account_name: one.password_hash for one in sessions.credentials(session, email)}
    session.rollback()
    return found


def test_a_log_in_keeps_the_account_that_had_it_first_and_those_that_its_person_founded(earlier: Session, empty: str):
    """Whoever added an address later must invite its person; nobody who is in one account alone is out."""
    database.migrate(empty)

    assert opened(earlier, "ada@x.example") == {"Acme": "of ada", "Initech": "of ada"}
    assert opened(earlier, "pia@x.example") == {"Acme": "of acme"}
    assert opened(earlier, "sid@x.example") == {"Globex": "of sid"}
    assert opened(earlier, "dov@x.example") == {}


def test_no_password_from_before_is_an_accounts_to_change(earlier: Session, empty: str):
    database.migrate(empty)

    for account_id, user_id in ((1, 1), (1, 2), (2, 3)):
        row = log_ins.lock(earlier, account_id, user_id)
        assert row is not None
        assert (row.used_at is None) == (row.password_hash is None)


def test_sessions_in_an_account_that_added_somebody_end_and_the_others_go_on(earlier: Session, empty: str):
    """Seen to fail with the epoch of the new log-in alone: 0 was what many cookies said."""
    database.migrate(empty)

    epochs = {
        account_id: viewer.session_epoch
        for account_id in (1, 2)
        if (viewer := sessions.viewer(earlier, account_id, 2)) is not None
    }
    assert epochs == {1: 3, 2: 4}


def test_tokens_of_who_was_deactivated_before_end(earlier: Session, empty: str):
    """Seen to fail without the migration."""
    database.migrate(empty)

    living = text("SELECT token_hash FROM api_tokens WHERE revoked_at IS NULL")
    assert earlier.scalars(living).all() == ["of sid"]


def test_an_earlier_release_adds_agents_and_links_nobody(earlier: Session, empty: str):
    """Seen to fail without the trigger, and with the log-in of an address given to whoever adds it."""
    database.migrate(empty)
    new = earlier.scalar(EARLIER_USER, {"email": "new@x.example"})
    for account_id, user_id in ((1, new), (3, 2), (2, 1)):
        assert earlier.scalar(EARLIER_AGENT, {"account_id": account_id, "user_id": user_id}) == user_id
    earlier.commit()

    assert opened(earlier, "pia@x.example") == {"Acme": "of acme"}
    assert opened(earlier, "ada@x.example") == {"Acme": "of ada", "Initech": "of ada"}
    mine = log_ins.lock(earlier, 1, new)
    assert mine is not None
    assert mine.id == new


def test_an_earlier_release_finds_its_log_ins_and_no_address_twice_in_an_account(earlier: Session, empty: str):
    database.migrate(empty)

    assert earlier.scalar(EARLIER_LOG_IN, {"email": "pia@x.example"}) == 1
    assert earlier.scalar(EARLIER_USER, {"email": "pia@x.example"}) is None
    assert earlier.scalar(EARLIER_AGENT, {"account_id": 1, "user_id": 2}) is None


def test_who_writes_in_another_order_is_let_through(earlier: Session, empty: str):
    """Seen to fail, by a deadlock, with the tables taken one by one."""
    command.upgrade(database.alembic(empty), BETWEEN)
    earlier.execute(text("UPDATE account_users SET name = 'Sidney' WHERE user_id = 3"))
    migrating = Thread(target=database.migrate, args=[empty])
    migrating.start()
    eventually(lambda: earlier.scalar(WAITS_FOR_MEMBERSHIPS))

    earlier.execute(text("UPDATE users SET session_epoch = 1 WHERE id = 3"))
    earlier.commit()
    migrating.join()

    assert earlier.scalar(text("SELECT count(*) FROM invitations")) == 0
