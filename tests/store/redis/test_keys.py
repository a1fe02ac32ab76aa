"""No Redis key without its account, and none that another account's could be mistaken for."""

import re

import pytest

from dashboard.store.redis import keys

MADE = {
    "presence": keys.presence,
    "availability": keys.availability,
    "rate": lambda account: keys.rate(account, 2, 3),
    "counted": lambda account: keys.counted(account, 2),
    "rotation": lambda account: keys.rotation(account, inbox_id=2),
    "pending": lambda account: keys.pending(account, 2),
    "wakeup": lambda account: keys.wakeup(account, 2),
    "outbox": keys.outbox,
    "listeners": keys.listeners,
    "since": keys.since,
    "live": keys.live,
    "drawing": lambda account: keys.drawing(account, 2),
    "drawer": lambda account: keys.drawer(account, 2),
    "gate": lambda account: keys.gate(account, 2),
    "calls": lambda account: keys.calls(account, 2),
    "marked": lambda account: keys.marked(account, 2),
    "poll": lambda account: keys.poll(account, 2),
}


@pytest.mark.parametrize("kind", keys.REGISTRY, ids=lambda kind: kind.name)
def test_every_registered_kind_is_made_in_its_shape(kind):
    """E51, E52"""
    assert MADE[kind.name](1) == kind.shape
    assert re.fullmatch(r"\{acct:1\}:[a-z]+(:[a-z]+:\d+)*", kind.shape)


def test_every_kind_that_is_made_is_registered():
    """E52"""
    assert {kind.name for kind in keys.REGISTRY} == set(MADE)


@pytest.mark.parametrize("bad", ["", " ", None, "1:2", "{1}", "1}", "*", "1?", "a", -1, True, 1.5, "\u0661"])
@pytest.mark.parametrize("kind", MADE)
def test_what_is_no_id_makes_no_key(kind, bad):
    """E51"""
    with pytest.raises(ValueError, match="not an id"):
        MADE[kind](bad)


@pytest.mark.parametrize("bad", ["", "2:agent:3", "*"])
def test_an_inbox_or_agent_that_is_no_id_makes_no_key(bad):
    """E51"""
    with pytest.raises(ValueError, match="not an id"):
        keys.rate(1, bad, 3)
    with pytest.raises(ValueError, match="not an id"):
        keys.rate(1, 2, bad)


def test_a_teams_rotation_is_one_whichever_inbox_asks():
    """E19"""
    assert keys.rotation(1, inbox_id=2, team_id=5) == keys.rotation(1, inbox_id=3, team_id=5)
