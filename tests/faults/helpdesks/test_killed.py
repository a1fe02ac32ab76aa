"""Workers that call the helpdesk are killed: no write is lost, and none has effect twice."""

import itertools
from collections.abc import Callable

import pytest

from tests.faults.helpdesks.shop import LEASED, Shop

pytestmark = pytest.mark.gate
Lasts = Callable[[float], float]


def test_a_worker_that_is_killed_between_write_and_record_loses_and_doubles_nothing(shop: Shop):
    """C28, C13: the helpdesk has carried out its assignments, and its answers never come.

    Seen to fail with the leases of a killed worker left to their end: what it had not sent yet waited for a minute.
    """
    shop.there.fault("write_then_timeout", path="assign", method="POST", times=None)
    shop.there.fault("write_then_timeout", path="assign", method="PUT", times=None)
    made = shop.customers(12)
    shop.stack.until(lambda: any(shop.owners()[str(one)] for one in made))
    shop.stack.kept["helpdesk"].kill(whole=True)
    shop.there.end_faults()

    shop.heals()


def test_a_worker_that_is_killed_before_its_writes_hands_them_to_the_next(chatwoot_shop: Shop):
    """C28, C13: their leases end with it.

    Seen to fail with the leases left to their end.
    """
    chatwoot_shop.there.fault("timeout", path="assign", method="POST", times=None)
    chatwoot_shop.customers(12)
    chatwoot_shop.stack.until(lambda: len(chatwoot_shop.rows(LEASED)) > 1)
    chatwoot_shop.stack.kept["helpdesk"].kill(whole=True)
    chatwoot_shop.there.end_faults()

    chatwoot_shop.heals()


def test_workers_that_are_killed_again_and_again_lose_and_double_nothing(chatwoot_shop: Shop, lasts: Lasts):
    """C28: in turn the one of the writes and the one of the long readings, with calls under way.

    Seen to fail with marks ended before their readings were committed.
    """
    victims = itertools.cycle(("helpdesk", "polls"))
    chatwoot_shop.there.fault("slow:0.5", times=None)
    chatwoot_shop.is_busy_for(2 * lasts(20.0), lambda: chatwoot_shop.kills(next(victims)))
    chatwoot_shop.there.end_faults()

    chatwoot_shop.heals()
