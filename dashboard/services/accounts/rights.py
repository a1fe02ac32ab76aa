"""The right to give access, checked in the transaction that gives it."""

from dashboard.engine.model import Role
from dashboard.services.core.refusals import Conflict
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import accounts
from dashboard.store.agents import agents

LOST = "You are no longer an administrator of this account. Nothing was changed."


def refusal(work: UnitOfWork, account_id: int, actor_id: int | None) -> Conflict | None:
    """Return why the actor may give no access, or None; no role of the account changes until this transaction ends.

    A request may wait for the deactivation of its own actor. Without this check, it would then undo the deactivation.
    """
    accounts.lock(work.session, account_id)
    if actor_id is None:  # a command
        return None
    actor = agents.find(work.session, account_id, actor_id)
    if actor and actor.active and actor.role is Role.ADMINISTRATOR:
        return None
    return Conflict(sentence=LOST)
