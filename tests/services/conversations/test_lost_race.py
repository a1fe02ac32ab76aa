"""A claim that the helpdesk contradicts costs nothing: no turn, no share, no place in the queue."""

from datetime import timedelta

import pytest

from dashboard.engine.decisions import Source
from dashboard.services.conversations import lost_race
from dashboard.store.assignment import fair_shares
from dashboard.store.conversations import conversations
from dashboard.store.ledger.ledger import GIVEN_BACK, AssignmentSource
from dashboard.store.redis.rate_limits import LimitQuery
from dashboard.store.redis.rotation import RotationKey
from tests.connected import connect
from tests.desks import NOON, Acme, Recorded
from tests.handling import change, ledger

HOUR = timedelta(hours=1)
SOON = NOON + timedelta(seconds=2)


def order(acme: Acme, team_id: int | None = None) -> list[str]:
    wheel = RotationKey(account_id=acme.account_id, inbox_id=acme.support, team_id=team_id)
    return acme.names(acme.work.rotations.orders([wheel])[wheel])


def shares(acme: Acme) -> dict[str, int | None]:
    asked = LimitQuery(inbox_id=acme.support, agent_ids=list(acme.agents.values()), limit=5, window=HOUR)
    found = fair_shares.recent(acme.work.session, acme.work.limits, [asked], account_id=acme.account_id, now=SOON)
    acme.work.session.rollback()
    return {name: found[acme.support][agent_id].count for name, agent_id in acme.agents.items()}


def give_back(acme: Acme, write_id: int):
    row = lost_race.give_back(acme.work, write_id, now=SOON)
    acme.work.finish()
    return row


def test_reservation_turn_and_place_are_given_back_and_the_ledger_says_why(acme: Acme):
    """C14, E21, E28"""
    acme.policy(fair_distribution_limit=5)
    acme.online("Ana", "Bo", "Cleo")
    desk = connect(acme)
    [one] = desk.waiting(1)
    since = conversations.get(acme.work.session, acme.account_id, one).waiting_since
    acme.run()
    spent = order(acme)
    [write] = desk.writes()

    row = give_back(acme, write.id)

    assert (spent[:3], order(acme)[:3]) == (["Bo", "Cleo", "Dov"], ["Ana", "Bo", "Cleo"])
    assert shares(acme)["Ana"] == 0
    assert row.is_waiting
    assert row.waiting_since == since
    assert row.had_by_id is None
    assert ledger(acme) == [(Source.MANUAL, "-", "Ana", None), (Source.RELEASE, "Ana", "-", "lost_race")]


@pytest.mark.parametrize("why", GIVEN_BACK)
def test_what_was_given_back_does_not_count_by_the_ledger_either(acme: Acme, why: AssignmentSource):
    """C14, E14: Redis may be emptied afterwards."""
    acme.policy(fair_distribution_limit=5)
    acme.online("Ana")
    desk = connect(acme)
    desk.waiting(2)
    acme.run()

    lost_race.give_back(acme.work, desk.writes()[0].id, why=why, now=SOON)
    acme.work.finish()
    acme.work.limits.forget(acme.account_id, acme.support)

    assert shares(acme)["Ana"] == 1
    assert ledger(acme)[-1] == (Source.RELEASE, "Ana", "-", why)


def test_the_turn_is_given_back_in_the_teams_rotation(acme: Acme):
    """C14, E19"""
    acme.policy()
    acme.online("Ana", "Bo")
    team = acme.team("Billing", "Ana", "Bo")
    desk = connect(acme)
    desk.team("Billing")
    desk.waiting(1, team_id=team)
    acme.run()

    assert order(acme, team) == ["Bo", "Ana"]
    give_back(acme, desk.writes()[0].id)
    assert order(acme, team) == ["Ana", "Bo"]


def test_what_somebody_changed_here_meanwhile_stays(acme: Acme):
    """C14"""
    acme.policy()
    acme.online("Ana")
    desk = connect(acme)
    [one] = desk.waiting(1)
    acme.run()
    change(acme, one, assignee_id=acme.agents["Bo"])

    give_back(acme, desk.writes()[0].id)

    assert acme.assignees([one]) == ["Bo"]


def test_only_a_claim_is_given_back(acme: Acme, queue: Recorded):
    """C14"""
    desk = connect(acme)
    [one] = desk.held("Ana", 1)
    change(acme, one, assignee_id=acme.agents["Bo"])

    assert give_back(acme, desk.writes()[0].id) is None
    assert queue.writes == [(acme.account_id, desk.id)]


def test_an_abandoned_transaction_gives_nothing_back(acme: Acme):
    """C14: reservation and turn follow the commit."""
    acme.policy(fair_distribution_limit=5)
    acme.online("Ana", "Bo")
    desk = connect(acme)
    desk.waiting(1)
    acme.run()
    spent = order(acme)

    lost_race.give_back(acme.work, desk.writes()[0].id, now=SOON)
    acme.work.abandon()

    assert order(acme) == spent
    assert shares(acme)["Ana"] == 1
