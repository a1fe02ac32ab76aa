"""Records of presence: every change of it is a row, at its instant, and heartbeats alone write none."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from dashboard.config import Settings
from dashboard.engine.model import Presence
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import agents, availability_ends, presence, presence_records
from dashboard.services.core.container import build
from dashboard.services.operations import retention
from dashboard.store.models import AccountUser, PresenceSpan
from dashboard.store.models.trust import PresenceCause
from dashboard.store.trust import presence_history
from dashboard.store.trust.presence_history import NewPresence
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded, own_session

SECOND = timedelta(seconds=1)
LASTS_FOR = 60 * SECOND
Row = tuple[str, str, float, float | None]


def rows(acme: Acme, name: str = "Ana") -> list[Row]:
    """Return an agent's presences and causes, with their beginnings and ends in seconds after noon."""
    found = acme.work.session.scalars(
        select(PresenceSpan)
        .where(PresenceSpan.agent_id == acme.agents[name])
        .order_by(PresenceSpan.at)
        .execution_options(populate_existing=True)
    )
    return [(one.presence, one.cause, _seconds(one.at), one.until and _seconds(one.until)) for one in found]


def _seconds(at: datetime) -> float:
    return (at - NOON) / SECOND


def chooses(acme: Acme, availability: Presence, at: datetime, *, by_hand: bool = True, **more: object) -> None:
    presence.set_availability(
        acme.work,
        acme.account_id,
        acme.agents["Ana"],
        availability=availability,
        by_hand=by_hand,
        now=at,
        **{"auto_offline": None, **more},  # type: ignore[arg-type]
    )
    acme.work.finish()


def beats(acme: Acme, at: datetime) -> None:
    assert presence.heartbeat(acme.work, acme.account_id, [acme.agents["Ana"]], now=at)
    acme.work.finish()


def looked(acme: Acme, at: datetime) -> None:
    presence_records.record_lapses(acme.work, now=at)
    acme.work.finish()


def test_a_first_heartbeat_is_a_row_and_the_next_ones_are_none(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)
    with statements(acme.work.session) as made:
        beats(acme, NOON + 20 * SECOND)

    assert made == []
    assert rows(acme) == [("online", "heartbeat", 0, None)]


def test_choices_idling_and_a_scheduled_end_are_rows_with_their_causes(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)
    chooses(acme, Presence.AWAY, NOON + 10 * SECOND, by_hand=False)
    chooses(acme, Presence.BUSY, NOON + 20 * SECOND, until=NOON + 30 * SECOND)
    availability_ends.end_due(acme.work, now=NOON + 31 * SECOND)

    assert rows(acme) == [
        ("online", "heartbeat", 0, 10),
        ("away", "idle", 10, 20),
        ("busy", "by_hand", 20, 31),
        ("online", "scheduled", 31, None),
    ]


def test_a_lapsed_heartbeat_is_noticed_and_recorded_at_its_instant(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)
    beats(acme, NOON + 20 * SECOND)
    looked(acme, NOON + 79 * SECOND)
    before = rows(acme)
    looked(acme, NOON + 85 * SECOND)
    looked(acme, NOON + 90 * SECOND)

    assert before == [("online", "heartbeat", 0, None)]
    assert rows(acme) == [("online", "heartbeat", 0, 80), ("offline", "lapsed", 80, None)]


def test_a_gap_that_nobody_noticed_is_recorded_when_the_heartbeat_comes_again(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)
    beats(acme, NOON + 63 * SECOND)

    assert rows(acme) == [
        ("online", "heartbeat", 0, 60),
        ("offline", "lapsed", 60, 63),
        ("online", "heartbeat", 63, None),
    ]


def test_a_gap_that_nobody_noticed_is_recorded_when_the_agent_chooses(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)
    chooses(acme, Presence.BUSY, NOON + 63 * SECOND)

    assert rows(acme)[1:] == [("offline", "lapsed", 60, 63), ("busy", "by_hand", 63, None)]


def test_who_stays_online_without_heartbeats_never_lapses(acme: Acme) -> None:
    """T1"""
    chooses(acme, Presence.ONLINE, NOON, auto_offline=False)
    looked(acme, NOON + timedelta(days=1))

    assert rows(acme) == [("online", "by_hand", 0, None)]


def test_a_deactivated_agent_is_offline(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)

    agents.change(
        acme.work, acme.account_id, acme.agents["Ana"], AgentEdit(active=False), actor_id=None, now=NOON + 5 * SECOND
    )
    acme.work.finish()

    assert rows(acme) == [("online", "heartbeat", 0, 5), ("offline", "deactivated", 5, None)]


def test_a_choice_that_is_taken_back_leaves_no_row(acme: Acme) -> None:
    """T1: the row is of the same transaction."""
    presence.set_availability(
        acme.work,
        acme.account_id,
        acme.agents["Ana"],
        availability=Presence.BUSY,
        auto_offline=None,
        by_hand=True,
        now=NOON,
    )
    acme.work.abandon()

    assert rows(acme) == []


def test_what_an_older_release_did_not_record_is_added(acme: Acme) -> None:
    """T1: its heartbeats are in Redis, and its choices in Postgres."""
    acme.work.heartbeats.beat(acme.account_id, [acme.agents["Ana"]], NOON)
    looked(acme, NOON + 5 * SECOND)
    acme.work.session.execute(update(AccountUser).values(availability=Presence.BUSY))
    looked(acme, NOON + 10 * SECOND)

    assert rows(acme) == [("online", "heartbeat", 5, 10), ("busy", "heartbeat", 10, None)]


def test_a_redis_that_lost_its_heartbeats_leaves_everybody_offline_from_then_on(acme: Acme) -> None:
    """T1"""
    beats(acme, NOON)
    acme.work.heartbeats.leave(acme.account_id, [acme.agents["Ana"]])
    looked(acme, NOON + 10 * SECOND)

    assert rows(acme)[-1] == ("offline", "lapsed", 10, None)


def test_spans_of_an_agent_never_overlap_however_many_write_at_once(acme: Acme, settings: Settings) -> None:
    """T1: seen to fail without the lock of the agents' rows."""
    barrier, written = threading.Barrier(6), []
    choices = list(Presence)

    def write(number: int) -> None:
        with own_session(settings) as session:
            work = build(settings, Recorded()).work(session)
            barrier.wait()
            for turn in range(10):
                change = NewPresence(
                    agent_id=acme.agents["Ana"],
                    presence=choices[(number + turn) % len(choices)],
                    cause=PresenceCause.BY_HAND,
                    at=NOON + (10 * turn + number) * SECOND,
                )
                presence_history.record(session, acme.account_id, [change])
                work.finish()
                written.append(change)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = rows(acme)
    assert len(written) == 60
    assert [row[3] for row in found[:-1]] == [row[2] for row in found[1:]]
    assert found[-1][3] is None


def test_ended_rows_go_with_the_runs_and_the_last_one_of_each_agent_stays(acme: Acme) -> None:
    """T1, T4"""
    beats(acme, NOON)
    looked(acme, NOON + 100 * SECOND)
    days = acme.work.settings.run_retention_days

    removed = retention.remove_old(acme.work, now=NOON + timedelta(days=days + 1))

    assert removed.presence_changes == 1
    assert rows(acme) == [("offline", "lapsed", 60, None)]


@pytest.mark.parametrize("agents_at_once", [1, 3])
def test_the_look_for_lapses_is_one_query_where_nothing_changed(acme: Acme, agents_at_once: int) -> None:
    """T1"""
    acme.online(*list(acme.agents)[:agents_at_once])
    looked(acme, NOON)

    with statements(acme.work.session) as made:
        looked(acme, NOON + SECOND)

    assert len(made) == 1
    assert acme.work.session.scalar(select(func.count()).select_from(PresenceSpan)) == len(acme.agents) + 1
