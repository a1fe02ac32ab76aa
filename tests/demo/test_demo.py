"""The demo: an account that an empty database gets once, and a day at its desk."""

import random
import stat
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, func, select, update

from dashboard.demo import account, setup
from dashboard.demo.catalog import Places
from dashboard.demo.simulation import Day
from dashboard.engine.decisions import Reason, Source
from dashboard.engine.model import Status
from dashboard.services.accounts import passwords
from dashboard.services.assignment import run
from dashboard.services.assignment.run import RunRequest
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.models import (
    Account,
    AccountUser,
    Assignment,
    AssignmentPolicy,
    CapacityPolicy,
    Conversation,
    Inbox,
    InboxCapacityLimit,
    InboxMember,
    Team,
    User,
)
from tests.desks import NOON, Acme


@pytest.fixture
def demo_desk(work: UnitOfWork, tmp_path: Path) -> UnitOfWork:
    """A desk with an instance directory of its own."""
    return replace(work, settings=replace(work.settings, instance=tmp_path))


def test_an_empty_database_gets_the_demo_account_once_with_a_log_in_that_is_kept(demo_desk: UnitOfWork):
    made = account.make_account(demo_desk, now=NOON)
    again = account.make_account(demo_desk, now=NOON)

    assert made is not None
    assert again == made
    assert demo_desk.session.scalars(select(Account.name)).all() == ["Acme Support (demo)"]
    kept = demo_desk.settings.instance / "demo_login.txt"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert made.password in kept.read_text()
    user = demo_desk.session.scalars(select(User)).one()
    assert passwords.matches(user.password_hash, made.password)


def test_a_database_with_accounts_of_its_own_gets_no_demo(acme: Acme, tmp_path: Path):
    work = replace(acme.work, settings=replace(acme.work.settings, instance=tmp_path))

    assert account.make_account(work, now=NOON) is None
    assert setup.furnish(work, random.Random(1), now=NOON) is None
    assert list(tmp_path.iterdir()) == []


def test_furnishing_twice_puts_everything_there_once(demo_desk: UnitOfWork):
    account.make_account(demo_desk, now=NOON)

    first = setup.furnish(demo_desk, random.Random(1), now=NOON)
    counts = everything(demo_desk)
    second = setup.furnish(demo_desk, random.Random(1), now=NOON)

    assert first is not None
    assert second == first
    assert everything(demo_desk) == counts
    assert (len(first.inboxes), len(first.agents), len(first.teams)) == (5, 13, 2)


def everything(work: UnitOfWork) -> list[int | None]:
    kinds = (AccountUser, Inbox, InboxMember, Team, Conversation, AssignmentPolicy, CapacityPolicy, InboxCapacityLimit)
    return [work.session.scalar(select(func.count()).select_from(kind)) for kind in kinds]


def test_furnishing_that_was_cut_short_is_completed(demo_desk: UnitOfWork):
    account.make_account(demo_desk, now=NOON)
    account_id = demo_desk.session.scalars(select(Account.id)).one()
    setup.Furnisher(work=demo_desk, account_id=account_id, now=NOON)._people_and_places()

    places = setup.furnish(demo_desk, random.Random(1), now=NOON)

    assert len(places.inboxes) == 5
    assert len(places.teams) == 2


def test_a_day_shows_who_is_out_and_who_is_full_and_the_desk_keeps_up(demo_desk: UnitOfWork):
    account.make_account(demo_desk, now=NOON)
    dice = random.Random(7)
    places = setup.furnish(demo_desk, dice, now=NOON)
    assert places is not None
    day, left = Day(places=places, dice=dice), Counter[Reason]()

    for second in range(90):
        now = NOON + timedelta(seconds=second)
        day.step(demo_desk, now)
        left += reasons(demo_desk, places, now)

    assert {Reason.NOBODY_ONLINE, Reason.ALL_AT_CAPACITY, Reason.ALL_RATE_LIMITED} <= set(left)
    assert count(demo_desk, Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None)) < 50
    assert count(demo_desk, Conversation.status == Status.RESOLVED) > 15
    assert demo_desk.session.scalar(select(func.count()).select_from(Assignment)) > 40


def reasons(work: UnitOfWork, places: Places, now: datetime) -> Counter[Reason]:
    """Run every inbox, and return why what is left waits."""
    left = Counter[Reason]()
    for inbox_id in places.inboxes.values():
        request = RunRequest(source=Source.REALTIME)
        result = run.run_inbox(work, places.account_id, inbox_id, request=request, now=lambda: now)
        left.update(result.ending.left_waiting if result else {})
    return left


def count(work: UnitOfWork, *which: ColumnElement[bool]) -> int:
    return work.session.scalar(select(func.count()).select_from(Conversation).where(*which)) or 0


def test_what_visitors_take_away_the_day_does_without(demo_desk: UnitOfWork):
    account.make_account(demo_desk, now=NOON)
    dice = random.Random(7)
    places = setup.furnish(demo_desk, dice, now=NOON)
    assert places is not None
    day = Day(places=places, dice=dice)
    demo_desk.session.execute(update(Inbox).values(name=Inbox.name + " renamed"))
    demo_desk.session.execute(update(AccountUser).where(AccountUser.name.like("Ben%")).values(active=False))
    demo_desk.session.commit()

    for second in range(20):
        day.step(demo_desk, NOON + timedelta(seconds=second))

    assert day.places.departments == ()
    assert places.agents["Ben Lindqvist"] not in day.here
