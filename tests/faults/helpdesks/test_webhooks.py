"""Webhooks do not arrive: the next reconciliation finds what they would have told."""

from collections.abc import Callable

import pytest

from tests.faults.helpdesks.shop import Shop
from tests.faults.stack import WEB

pytestmark = pytest.mark.gate
Lasts = Callable[[float], float]


def test_what_lost_webhooks_would_have_told_is_found(shop: Shop, lasts: Lasts):
    """C28, C8: customers came, people resolved and took conversations.

    Seen to fail with a reconciliation that reads the set-up alone.
    """
    first, second, third = shop.customers(3)
    shop.heals()
    shop.there.webhooks(off=True)
    shop.is_busy_for(lasts(600.0))
    taken, *_ = shop.customers(1)
    shop.there.act("resolve", conversation=first)
    shop.there.act("assign_by_hand", conversation=second, agent=shop.kind.agents[-1])
    shop.there.act("assign_by_hand", conversation=taken, agent=shop.kind.agents[-1])
    shop.there.act("unassign_by_hand", conversation=third)
    shop.there.webhooks()
    shop.reconcile()

    shop.heals()

    assert shop.owners()[str(taken)] == shop.owners()[str(second)] == str(shop.kind.agents[-1])


@pytest.mark.parametrize("seconds", [320.0, -320.0])
def test_a_helpdesk_whose_clock_was_turned_is_heard_again(chatwoot_shop: Shop, seconds: float):
    """C28, C7: signed webhooks are refused by their age until a reading shows what time it is over there.

    Seen to fail with the clock read by the checks alone: every later webhook was refused.
    """
    chatwoot_shop.customers(2)
    chatwoot_shop.heals()
    chatwoot_shop.there.clock(advance=seconds)
    chatwoot_shop.customers(3)
    chatwoot_shop.reconcile()
    chatwoot_shop.heals()

    chatwoot_shop.customers(3)

    chatwoot_shop.heals()


def test_what_happened_while_our_receiver_was_away_is_found(chatwoot_shop: Shop, lasts: Lasts):
    """C28, C8

    Seen to fail with a reconciliation that reads the set-up alone.
    """
    stack = chatwoot_shop.stack
    first, *_ = chatwoot_shop.customers(2)
    chatwoot_shop.heals()
    stack.kept.pop("web").kill(whole=True)
    chatwoot_shop.there.act("resolve", conversation=first)
    chatwoot_shop.is_busy_for(lasts(30.0))
    stack.keep("web", *WEB, "--port", str(stack.port))
    stack.until(stack.is_ready)
    chatwoot_shop.reconcile()

    chatwoot_shop.heals()
