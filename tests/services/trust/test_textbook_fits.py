"""How far the textbook fits an inbox, by its own conversations."""

import random
from datetime import timedelta

from sqlalchemy import insert

from dashboard.engine.model import Status
from dashboard.services.trust import textbook_fits
from dashboard.services.trust.textbook_fits import InboxFit
from dashboard.store.core.page_values import Scope
from dashboard.store.models import Conversation
from tests.counting import statements
from tests.desks import NOON, Acme

MINUTE = timedelta(minutes=1)


def handled(
    acme: Acme, minutes: list[tuple[float, float, float]], *, inbox: str = "Support", agent: str = "Ana"
) -> None:
    """Add conversations that arrive, are assigned and end this many minutes ago."""
    rows = [
        {
            "account_id": acme.account_id,
            "inbox_id": acme.inboxes[inbox],
            "status": Status.RESOLVED,
            "assignee_id": acme.agents[agent],
            "created_at": NOON - arrives * MINUTE,
            "last_activity_at": NOON - ends * MINUTE,
            "assigned_at": NOON - given * MINUTE,
            "resolved_at": NOON - ends * MINUTE,
        }
        for arrives, given, ends in minutes
    ]
    acme.work.session.execute(insert(Conversation), rows)
    acme.work.session.commit()


def fits(acme: Acme, member_id: int | None = None) -> dict[str, InboxFit]:
    scope = Scope(account_id=acme.account_id, member_id=member_id)
    return {one.inbox.name: one for one in textbook_fits.of_account(acme.work, scope, now=NOON)}


def one_at_once(seed: int) -> list[tuple[float, float, float]]:
    """Return random arrivals that one agent handles one after the other."""
    dice, arrives, free_at, found = random.Random(seed), 6_000.0, 6_000.0, []
    for _ in range(600):
        arrives -= dice.expovariate(1 / 9)
        given = min(arrives, free_at)
        free_at = given - dice.expovariate(1 / 5)
        found.append((arrives, given, free_at))
    return [one for one in found if one[2] > 0]


def test_an_inbox_like_the_textbook_fits(acme: Acme) -> None:
    """T21"""
    handled(acme, one_at_once(1))

    found = fits(acme)["Support"].fit

    assert found.good, found.sentence
    assert (found.at_once, round(found.dispersion or 0), round(found.spread or 0)) == (1.0, 1, 1)


def test_several_at_once_are_named(acme: Acme) -> None:
    """T21"""
    handled(acme, [(arrives, arrives, max(arrives - 200, 0)) for arrives, _, _ in one_at_once(2)])

    found = fits(acme)["Support"].fit

    assert not found.good
    assert "conversations at once" in found.sentence


def test_an_inbox_without_conversations_tells_nothing_and_an_agent_sees_their_own(acme: Acme) -> None:
    """T21"""
    assert set(fits(acme)) == {"Support", "Sales"}
    assert not fits(acme)["Sales"].fit.good
    assert set(fits(acme, acme.agents["Cleo"])) == {"Support"}


def test_any_number_of_inboxes_is_two_statements(acme: Acme) -> None:
    """T21"""
    handled(acme, one_at_once(3))

    with statements(acme.work.session) as made:
        fits(acme)

    assert len(made) == 2
