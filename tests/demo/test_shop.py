"""The demo's helpdesk: a stand-in of Chatwoot in a process of its own, connected and kept busy."""

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard import allow_list, clock
from dashboard.config import ROOT, Settings
from dashboard.demo import account, setup, shop
from dashboard.demo.shop import ShopKeeper
from dashboard.demo.shop_calls import Shop, ShopUnavailable
from dashboard.demo.shop_content import KNOWN, NAME
from dashboard.demo.simulation import Day
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.connecting import connections, disconnection, inbox_modes
from dashboard.services.helpdesks.hints import scheduling
from dashboard.store.core.paging import Page
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models import ConnectedAgent, ConnectedConversation
from dashboard.store.models.connections import ConnectionState
from tests.waiting import eventually

BASE = "http://127.0.0.1:1"


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """Settings as on one machine: connections may call it."""
    return replace(settings, helpdesk_allow=allow_list.read(allow_list.NEARBY))


class Demo:
    """The demo's process, without its waiting: what its workers would do is done between two steps."""

    def __init__(self, work: UnitOfWork) -> None:
        self.work = work
        account.make_account(work, now=clock.now())
        self.dice = random.Random(7)
        places = setup.furnish(work, self.dice, now=clock.now())
        assert places is not None
        self.day = Day(places=places, dice=self.dice)
        self.keeper = self.another_keeper()

    @property
    def account_id(self) -> int:
        return self.day.places.account_id

    @property
    def connection(self) -> ConnectionRow | None:
        found = connections.show_all(self.work, self.account_id, Page()).data
        self.work.session.rollback()
        return found[0] if found else None

    def another_keeper(self) -> ShopKeeper:
        """Return what a process has after its start."""
        return ShopKeeper(base=BASE, dice=self.dice)

    def connect(self) -> ConnectionRow:
        """Step until the set-up has ended."""
        eventually(lambda: self.keeper.is_ready, meanwhile=self.step)
        assert self.connection is not None
        return self.connection

    def step(self) -> None:
        """Simulate one second, and read what is due."""
        self.day.step(self.work, clock.now())
        self.keeper.step(self.work, self.day, clock.now())
        if self.connection:
            while scheduling.poll(self.work, self.account_id, self.connection.id, clock=clock.now):
                pass

    def modes(self) -> dict[str, str]:
        assert self.connection is not None
        views = inbox_modes.show(self.work, self.account_id, self.connection.id) or ()
        self.work.session.rollback()
        return {view.name: view.mode.value for view in views}


@pytest.fixture
def demo(work: UnitOfWork, tmp_path: Path) -> Demo:
    return Demo(replace(work, settings=replace(work.settings, instance=tmp_path)))


@contextmanager
def running(demo: Demo) -> Iterator[subprocess.Popen[bytes]]:
    """Run the helpdesk's process until the block ends, which kills it."""
    place = shop.folder(demo.work.settings)
    command = [sys.executable, "-m", "tests.helpdesks.chatwoot.kept", "--folder", str(place)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_an_inbox_is_in_shadow_and_one_live_and_agents_are_matched(demo: Demo):
    """C2, C19"""
    with running(demo):
        row = demo.connect()

        assert (row.name, row.state) == (NAME, ConnectionState.READY)
        assert demo.modes() == {"Shop chat": "shadow", "Shop orders": "live"}
        people = demo.work.session.scalars(select(ConnectedAgent.name).where(ConnectedAgent.agent_id.is_not(None)))
        assert sorted(people) == ["Ben Lindqvist", "Elif Yilmaz", "Hugo Laurent"]
        assert len(ids(demo)) >= 5


def test_customers_write_and_people_there_take_answer_and_resolve(demo: Demo):
    with running(demo):
        demo.connect()
        there, day = Shop(demo.keeper.shop.address), demo.keeper.day
        before, now = {one.id for one in there.open_conversations()}, clock.now() + timedelta(minutes=1)

        for number in range(60):
            day.step(there, set(KNOWN.values()), now + timedelta(seconds=2 * number))

        after = there.open_conversations()
        assert {one.id for one in after} - before
        assert before - {one.id for one in after}
        assert {one.assignee_id for one in after} - {None}


def test_the_helpdesk_goes_on_after_it_was_killed(demo: Demo):
    """C12: seen to fail, with another connection, when the world was not kept."""
    with running(demo):
        before, known = demo.connect(), ids(demo)
    with pytest.raises(ShopUnavailable):
        demo.keeper.step(demo.work, demo.day, clock.now() + timedelta(hours=1))

    with running(demo):
        demo.keeper = demo.another_keeper()
        after = demo.connect()

        assert (after.id, after.url, after.question) == (before.id, before.url, None)
        assert known.items() <= ids(demo).items()
        assert demo.modes() == {"Shop chat": "shadow", "Shop orders": "live"}


def test_a_helpdesk_that_lost_its_data_is_connected_anew(demo: Demo):
    """C9, C12"""
    with running(demo):
        before = demo.connect()
    (shop.folder(demo.work.settings) / "world").unlink()

    with running(demo):
        demo.keeper = demo.another_keeper()
        after = demo.connect()

        assert after.id != before.id
        assert (after.state, after.question) == (ConnectionState.READY, None)


def test_what_visitors_disconnect_or_choose_stays(demo: Demo):
    with running(demo):
        row = demo.connect()
        disconnection.remove(demo.work, demo.account_id, row.id, keep=True, actor_id=None, now=clock.now())
        demo.work.finish()
        demo.keeper = demo.another_keeper()
        for _ in range(3):
            demo.step()

        assert demo.keeper.is_ready
        assert demo.connection is None


def test_after_another_start_on_another_port_webhooks_arrive_there(demo: Demo):
    """C7"""
    with running(demo):
        demo.connect()

        demo.keeper = ShopKeeper(base="http://127.0.0.1:2", dice=demo.dice)
        row = demo.connect()

        [hook] = Shop(row.url).hooks()
        assert hook.startswith("http://127.0.0.1:2/hooks/")


def ids(demo: Demo) -> dict[str, str]:
    """Return the stable ids of the mirrored conversations by their numbers."""
    wanted = select(ConnectedConversation.display_id, ConnectedConversation.external_id)
    found = {row.display_id: row.external_id for row in demo.work.session.execute(wanted)}
    demo.work.session.rollback()
    return found
