"""A choice of presence has an end (E66)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dashboard.engine.decisions import Source
from dashboard.engine.model import Presence
from dashboard.services.agents import availability_ends, presence
from dashboard.services.agents.presence import AvailabilityResult
from dashboard.store.models import AccountUser
from tests.counting import statements
from tests.desks import NOON, Acme, Recorded
from tests.services.agents.test_presence import events, reports

EVENING = NOON + timedelta(hours=6)


def stands(acme: Acme, name: str) -> tuple[Presence, datetime | None]:
    wanted = select(AccountUser.availability, AccountUser.availability_until)
    row = acme.work.session.execute(wanted.where(AccountUser.user_id == acme.agents[name])).one()
    acme.work.session.rollback()
    return row.availability, row.availability_until


@pytest.mark.parametrize("chosen", sorted(set(Presence) - {Presence.AWAY}))
def test_at_its_end_the_agent_is_online_and_a_run_starts(acme: Acme, queue: Recorded, chosen: Presence):
    """E38, E66: seen to stay as chosen for ever without the look."""
    acme.online("Ana")
    reports(acme, "Ana", chosen, until=EVENING)
    acme.work.signals.wakeups.clear(acme.account_id, acme.support)
    queue.runs.clear()

    early = availability_ends.end_due(acme.work, now=EVENING - timedelta(microseconds=1))
    before = stands(acme, "Ana")
    ended = availability_ends.end_due(acme.work, now=EVENING)

    assert (early, before) == (0, (chosen, EVENING))
    assert (ended, stands(acme, "Ana")) == (1, (Presence.ONLINE, None))
    assert (acme.account_id, acme.support, Source.REALTIME) in queue.runs
    assert availability_ends.end_due(acme.work, now=EVENING) == 0


def test_the_end_is_no_heartbeat_and_its_event_says_offline_of_somebody_who_is_not_there(acme: Acme):
    """E37, E66"""
    reports(acme, "Ana", Presence.BUSY, until=EVENING, is_there=False)

    availability_ends.end_due(acme.work, now=EVENING)

    assert acme.work.heartbeats.present(acme.account_id, [acme.agents["Ana"]], EVENING) == frozenset()
    assert events(acme)[-1] == "offline"


def test_any_other_choice_by_hand_ends_it_and_idling_does_not(acme: Acme):
    """E38, E66"""
    reports(acme, "Ana", Presence.BUSY, until=EVENING)
    reports(acme, "Ana", Presence.AWAY, by_hand=False)
    idle = stands(acme, "Ana")
    reports(acme, "Ana", Presence.BUSY)
    again = stands(acme, "Ana")
    availability_ends.end_due(acme.work, now=EVENING)

    assert idle == (Presence.BUSY, EVENING)
    assert again == stands(acme, "Ana") == (Presence.BUSY, None)


@pytest.mark.parametrize("until", [NOON, NOON - timedelta(days=1)])
def test_an_end_that_is_not_in_the_future_is_refused(acme: Acme, until: datetime):
    """E66"""
    assert reports(acme, "Ana", Presence.BUSY, until=until) is AvailabilityResult.ENDS_IN_THE_PAST
    assert stands(acme, "Ana") == (Presence.ONLINE, None)


def test_a_choice_made_while_the_end_is_looked_at_stands(acme: Acme):
    """E66. Seen to fail without the look at `until` under the lock: Ana is online."""
    reports(acme, "Ana", Presence.BUSY, until=EVENING)
    reports(acme, "Ana", Presence.OFFLINE)

    ended = acme.work.finished(presence.end_availability(acme.work, acme.account_id, acme.agents["Ana"], now=EVENING))

    assert ended is False
    assert stands(acme, "Ana") == (Presence.OFFLINE, None)


def test_the_look_is_one_query_by_an_index(acme: Acme):
    """E66"""
    with statements(acme.work.session) as seen:
        availability_ends.end_due(acme.work, now=EVENING)

    assert len(seen) == 1
