"""Rules about what agents hold also reach the helpdesk: at its next reading, and guarded by our own agent."""

import pytest
from sqlalchemy import update

from dashboard.engine.decisions import Source
from dashboard.engine.model import Awaiting, ConnectionMode, Presence
from dashboard.services.conversations.timed import returns
from dashboard.store.models import AssignmentPolicy
from tests.connected import Connected
from tests.desks import Recorded
from tests.handling import ledger, set_availability
from tests.helpdesks.beside import Beside


@pytest.fixture
def given(beside: Beside) -> Beside:
    """A conversation that a run gave Ana, written and confirmed."""
    beside.acme.policy("Support")
    beside.poll()
    beside.helpdesk.starts(1)
    beside.poll(minutes=2)
    beside.decide()
    beside.write()
    beside.hear(beside.helpdesk.hints[-1:])
    return beside


def customer_writes(beside: Beside) -> None:
    beside.later(seconds=30)
    beside.helpdesk.change(1, awaiting=Awaiting.AGENT)
    beside.hear(beside.helpdesk.hints[-1:])


def test_who_has_left_the_inbox_loses_it_at_the_next_reading_and_nobody_has_it_there(given: Beside):
    """C13, E31"""
    given.acme.leave("Support", "Ana")

    customer_writes(given)
    given.write()

    assert given.helpdesk.conversations["u-1"].assignee_id is None
    assert [kind for kind, _, _ in given.writes()] == ["claim", "release"]
    assert ledger(given.acme)[-1] == (Source.RELEASE, "Ana", "-", "left_inbox")


def test_who_is_away_and_reassigning_loses_it_when_the_customer_writes(given: Beside):
    """C13, E36"""
    set_availability(given.acme, "Ana", Presence.AWAY_AND_REASSIGNING)

    customer_writes(given)
    given.write()

    assert given.helpdesk.conversations["u-1"].assignee_id is None
    assert ledger(given.acme)[-1] == (Source.RELEASE, "Ana", "-", "customer_wrote_to_absent_agent")


def test_whom_a_person_in_the_helpdesk_chose_stays(given: Beside):
    """C15, E31"""
    given.helpdesk.give(1, "42")
    given.hear(given.helpdesk.hints[-1:])
    given.acme.leave("Support", "Bo")

    customer_writes(given)
    given.write()

    assert given.helpdesk.conversations["u-1"].assignee_id == "42"
    assert [kind for kind, _, _ in given.writes()] == ["claim"]


def test_no_rule_acts_in_shadow(given: Beside):
    """C19"""
    Connected(acme=given.acme, id=given.connection_id).change_inbox(mode=ConnectionMode.SHADOW)
    given.acme.leave("Support", "Ana")

    customer_writes(given)

    assert given.row(1).assignee_id == given.acme.agents["Ana"]
    assert [kind for kind, _, _ in given.writes()] == ["claim"]


def test_what_is_released_is_decided_only_when_the_release_is_written(given: Beside, queue: Recorded):
    """C13, C14: claimed before, it lost its race against the agent whom it was taken from; seen to without the wait."""
    given.acme.leave("Support", "Ana")
    customer_writes(given)

    given.decide()
    customer_writes(given)
    given.write()
    given.later(seconds=11)
    given.decide()
    given.write()

    assert [(kind, state) for kind, state, _ in given.writes()] == [
        ("claim", "written"),
        ("release", "written"),
        ("claim", "written"),
    ]
    assert given.helpdesk.conversations["u-1"].assignee_id == "42"
    assert queue.wakeups[-1][1] == given.acme.support


def half_an_hour_passes(given: Beside) -> int:
    """Return how many conversations come back after that, in an inbox that was read just now."""
    given.acme.work.session.execute(update(AssignmentPolicy).values(return_after=30))
    given.acme.work.session.commit()
    given.poll(minutes=31)
    return returns.return_due(given.acme.work, now=given.now)


def test_what_nobody_answers_comes_back_there_too_and_goes_to_somebody_else(given: Beside):
    """C13, E64, E65"""
    assert half_an_hour_passes(given) == 1

    given.write()
    released = given.helpdesk.conversations["u-1"].assignee_id
    given.decide()

    assert released is None
    assert ledger(given.acme)[1] == (Source.RELEASE, "Ana", "-", "no_reply")
    assert given.acme.names([given.row(1).assignee_id]) == ["Bo"]


def test_an_answer_that_a_reading_has_shown_keeps_it_also_when_the_customer_writes_again(given: Beside):
    """C13, E64: of a helpdesk's messages only the side that must answer next is known.

    Seen to fail without the instant of the reply.
    """
    for side in (Awaiting.CUSTOMER, Awaiting.AGENT):
        given.later(seconds=30)
        given.helpdesk.change(1, awaiting=side)
        given.hear(given.helpdesk.hints[-1:])

    assert half_an_hour_passes(given) == 0
