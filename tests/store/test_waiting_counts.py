"""What waits is counted as it comes and goes: the same as counting it, whoever wrote."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, func, select, text, update

from dashboard.config import Settings
from dashboard.engine.model import Status
from dashboard.store import database, waiting_counts
from dashboard.store.database import Session
from dashboard.store.models import Account, Conversation, WaitingCount
from dashboard.store.waiting import WAITING
from tests.desks import NOON, Acme


def counted(session: Session, acme: Acme) -> dict[tuple[int, int | None], int]:
    return {
        (inbox_id, team_id): count
        for inbox_id in acme.inboxes.values()
        for team_id, count in waiting_counts.read(session, acme.account_id, inbox_id).items()
    }


def there(session: Session) -> dict[tuple[int, int | None], int]:
    which = (Conversation.inbox_id, Conversation.team_id)
    rows = session.execute(select(*which, func.count().label("waiting")).where(WAITING).group_by(*which))
    return {(row.inbox_id, row.team_id): row.waiting for row in rows}


CHANGES = {
    "one is assigned": "SET assignee_id = :ana, assigned_at = now(), waiting_since = NULL WHERE id = 1",
    "one is released": "SET assignee_id = NULL, assigned_at = NULL, waiting_since = now() WHERE id = 9",
    "one is snoozed": "SET status = 'snoozed', waiting_since = NULL WHERE id = 2",
    "all are written in": "SET last_activity_at = now()",
    "some move to a team": "SET team_id = :team WHERE id < 4",
    "some move to another inbox": "SET inbox_id = :sales WHERE id IN (3, 4, 9)",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_count_is_what_waits(acme: Acme, change):
    """E46"""
    session, team = acme.desk.session, acme.team("Experts", "Bo")
    acme.waiting(5)
    acme.waiting(3, "Sales", team_id=team)
    acme.held("Ana", 2)

    session.execute(
        text(f"UPDATE conversations {change}"), {"ana": acme.agents["Ana"], "team": team, "sales": acme.sales}
    )

    assert counted(session, acme) == there(session)


def test_what_is_rolled_back_is_not_counted(acme: Acme):
    acme.waiting(5)
    acme.desk.session.execute(delete(Conversation))
    acme.desk.session.rollback()

    assert counted(acme.desk.session, acme) == {(acme.support, None): 5}


def test_folding_changes_no_count_and_leaves_a_row_of_each(acme: Acme):
    for _ in range(3):
        acme.waiting(2)
    acme.waiting(1, "Sales")
    acme.desk.session.execute(delete(Conversation).where(Conversation.inbox_id == acme.sales))

    waiting_counts.fold(acme.desk.session)

    assert counted(acme.desk.session, acme) == {(acme.support, None): 6}
    assert acme.desk.session.scalar(select(func.count()).select_from(WaitingCount)) == 1


def test_an_account_can_go_with_all_that_waits(acme: Acme):
    """Seen to fail without the condition on the deletion's trigger."""
    acme.waiting(5)

    acme.desk.session.execute(delete(Account).where(Account.id == acme.account_id))

    assert acme.desk.session.scalar(select(func.count()).select_from(WaitingCount)) == 0


def test_the_count_is_exact_while_three_write_and_two_fold(settings: Settings, acme: Acme):
    """Seen to fail with a fold that reads the rows in one statement and removes them in the next."""
    ids = acme.waiting(30)
    engine = database.connect(settings.database_url, pool_size=5)
    barrier = Barrier(5)

    def often(act):
        with Session(engine) as session:
            barrier.wait()
            for number in range(60):
                act(session, number)
                session.commit()

    def write(session, number):
        away = (
            {"status": Status.SNOOZED, "waiting_since": None}
            if number % 2
            else {"status": Status.OPEN, "waiting_since": NOON}
        )
        session.execute(update(Conversation).where(Conversation.id == ids[number % 30]).values(**away))

    def fold(session, _number):
        waiting_counts.fold(session)

    threads = [Thread(target=often, args=[act]) for act in (write, write, write, fold, fold)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    assert counted(acme.desk.session, acme) == there(acme.desk.session)
