"""People and other programs over there: who and what is gone there, and who also assigns there."""

import pytest

from tests.faults.helpdesks.kinds import OTHER
from tests.faults.helpdesks.shop import Shop
from tests.helpdesks.chatwoot.people import CREDENTIALS, ROOT

pytestmark = pytest.mark.gate
# What was under way when the first call was refused, on both queues.
CALLS_UNDER_WAY = 20


def test_a_revoked_token_asks_for_a_person_and_a_new_one_mends_it(chatwoot_shop: Shop):
    """C28, C18: no call is made meanwhile."""
    chatwoot_shop.customers(3)
    chatwoot_shop.heals()
    chatwoot_shop.there.act("set_user", agent=ROOT, values={"token": "another"})
    chatwoot_shop.customers(3)
    chatwoot_shop.stack.until(lambda: chatwoot_shop.get()["state"] == "broken")
    chatwoot_shop.customers(3)
    refused = [one for one in chatwoot_shop.there.log()["requests"] if one["status"] == 401]
    assert len(refused) < CALLS_UNDER_WAY

    chatwoot_shop.patch("", credentials={**CREDENTIALS, "token": "another"})

    chatwoot_shop.heals()


def test_what_an_agent_had_who_was_deleted_there_is_assigned_to_others(chatwoot_shop: Shop):
    """C28, C15: Chatwoot takes it away in bulk, and tells nobody.

    Seen to fail with these counted as replaced by somebody: "two engines", and the next customers waited for good.
    """
    gone = chatwoot_shop.kind.agents[0]
    chatwoot_shop.customers(12)
    chatwoot_shop.heals()
    assert str(gone) in chatwoot_shop.owners().values()

    chatwoot_shop.there.act("remove_agent", agent=gone)
    chatwoot_shop.reconcile()
    chatwoot_shop.heals()

    chatwoot_shop.customers(6)
    chatwoot_shop.heals()
    assert str(gone) not in chatwoot_shop.owners().values()


def test_conversations_of_an_inbox_that_was_deleted_there_are_closed_here(chatwoot_shop: Shop):
    """C28, C12: and the other inbox goes on."""
    chatwoot_shop.goes_live(OTHER)
    chatwoot_shop.customers(2, inbox=OTHER)
    chatwoot_shop.customers(12)
    chatwoot_shop.heals()

    chatwoot_shop.there.act("delete_inbox", inbox=OTHER)
    chatwoot_shop.reconcile()
    chatwoot_shop.heals()

    chatwoot_shop.customers(3)
    chatwoot_shop.heals()
    assert chatwoot_shop.is_ready()


def test_whom_the_helpdesks_own_assignment_chose_stays(chatwoot_shop: Shop):
    """C28, C14, C16: it was switched on again behind our back."""
    chatwoot_shop.customers(3)
    chatwoot_shop.heals()
    chatwoot_shop.there.act("own_assignment", inbox=chatwoot_shop.kind.inbox, on=True)
    chatwoot_shop.customers(6)

    chatwoot_shop.heals()


@pytest.mark.parametrize("reverts", [{"do": "unassign_by_hand"}, {"do": "assign_by_hand", "agent": 26}])
def test_an_integration_that_reverts_every_write_stops_the_writing_in_its_inbox(
    chatwoot_shop: Shop, reverts: dict[str, object]
):
    """C28, C16"""
    chatwoot_shop.there.race("/assignments", "after", times=1_000, **reverts)
    chatwoot_shop.customers(4)
    chatwoot_shop.stack.until(lambda: any("Two engines" in one for one in chatwoot_shop.events("state")))
    written = len(chatwoot_shop.ours())
    chatwoot_shop.customers(4)

    chatwoot_shop.agrees()

    assert len(chatwoot_shop.ours()) == written
