"""Rows of the ledger, as runs and people would have written them."""

from datetime import datetime, timedelta

from sqlalchemy import insert

from dashboard.engine.decisions import Source
from dashboard.store.models import Assignment
from tests.desks import Acme


def given(
    acme: Acme, agent: str, at: datetime, *, inbox: str = "Support", waited: float | None = 60, **facts: object
) -> None:
    """Let an agent be given a conversation at this instant, by a run unless told otherwise."""
    [conversation_id] = acme.held(agent, 1, inbox)
    run = {"source": Source.REALTIME, "run_id": conversation_id, "position": 1}
    values = {
        "conversation_id": conversation_id,
        "inbox_id": acme.inboxes[inbox],
        "agent_id": acme.agents[agent],
        "waiting_since": None if waited is None else at - timedelta(seconds=waited),
        "at": at,
        **run,
        **facts,
    }
    acme.work.session.execute(insert(Assignment).values(account_id=acme.account_id, **values))
    acme.work.session.commit()


def by_hand(acme: Acme, agent: str, at: datetime, **facts: object) -> None:
    """Let a person give an agent a conversation."""
    given(acme, agent, at, **{"source": Source.BY_HAND, "run_id": None, "position": None, **facts})
