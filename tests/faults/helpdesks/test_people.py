"""People and other programs over there: who and what is gone there, and who also assigns there."""

import pytest

from tests.faults.helpdesks.kinds import OTHER
from tests.faults.helpdesks.shop import Shop
from tests.helpdesks.chatwoot.people import CREDENTIALS, ROOT

pytestmark = pytest.mark.gate


def test_a_revoked_token_asks_for_a_person_and_a_new_one_mends_it(chatwoot_shop: Shop):
    """C28, C18: no call is made meanwhile.

    Seen to fail without the looks at the broken state before polls, readings and writes.
    """
    chatwoot_shop.customers(3)
    chatwoot_shop.heals()
    chatwoot_shop.there.act("set_user", agent=ROOT, values={"token": "another"})
    chatwoot_shop.customers(3)
    chatwoot_shop.stack.until(lambda: chatwoot_shop.get()["state"] == "broken")
    chatwoot_shop.rests()
    calls = len(chatwoot_shop.there.log()["requests"])

    chatwoot_shop.customers(3)
    chatwoot_shop.rests()

    assert len(chatwoot_shop.there.log()["requests"]) == calls
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
    """C28, C12: and the other inbox goes on.

    Seen to fail with what a complete reading and a 404 had proved gone left open.
    """
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
    """C28, C14, C16: it was switched on again behind our back, and was faster than our writes.

    Seen to fail with claims that no owner there refutes.
    """
    chatwoot_shop.customers(3)
    chatwoot_shop.heals()
    chatwoot_shop.there.act("own_assignment", inbox=chatwoot_shop.kind.inbox, on=True)
    chatwoot_shop.there.fault("500", path="assignments", method="POST", times=None)
    made = [str(one) for one in chatwoot_shop.customers(6)]
    chatwoot_shop.stack.until(lambda: all(chatwoot_shop.owners()[one] for one in made))
    theirs, ours = chatwoot_shop.owners(), chatwoot_shop.ours()
    chatwoot_shop.there.end_faults()

    chatwoot_shop.heals()

    assert (chatwoot_shop.owners(), chatwoot_shop.ours()) == (theirs, ours)


@pytest.mark.parametrize("reverts", [{"do": "unassign_by_hand"}, {"do": "assign_by_hand", "agent": 26}])
def test_an_integration_that_reverts_every_write_stops_the_writing_in_its_inbox(
    chatwoot_shop: Shop, reverts: dict[str, object]
):
    """C28, C16: the runs of its inbox stop.

    Seen to fail with two engines told, and the inbox not stopped.
    """
    chatwoot_shop.there.race("/assignments", "after", times=1_000, **reverts)
    chatwoot_shop.customers(4)
    chatwoot_shop.stack.until(lambda: any("Two engines" in one for one in chatwoot_shop.events("state")))
    chatwoot_shop.rests()
    written = len(chatwoot_shop.ours())
    made = [str(one) for one in chatwoot_shop.customers(4)]

    chatwoot_shop.stack.until(lambda: all(chatwoot_shop.reasons().get(one) == "two_engines" for one in made))
    chatwoot_shop.agrees()

    assert len(chatwoot_shop.ours()) == written
