"""Finds an agent by typed text: a full name, a unique part of a name, or a name with an id."""

import re

from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.agents import agents
from dashboard.store.inboxes import choices

NUMBERED = re.compile(r"(?:.*\s)?#?(?P<id>[0-9]{1,18})", re.ASCII | re.DOTALL)
MOST_SAID = 5


def agent(work: UnitOfWork, account_id: int, typed: str, *, field: str) -> int | Invalid:
    """Return the id of the agent that the text names, or a refusal of the field.

    A number that matches no name is returned as an id, without a check that the agent exists.
    """
    text = typed.strip()
    if not text:
        return invalid(field, "Type the name of an agent.")
    found = choices.called(work.session, account_id, text, most=MOST_SAID + 1)
    whole = [one for one in found if one.name.casefold() == text.casefold()]
    if len(meant := whole or found) == 1:
        return meant[0].id
    if not meant and (numbered := NUMBERED.fullmatch(text)):
        return int(numbered["id"])
    if not meant:
        return invalid(field, f"No active agent's name has “{text}” in it.")
    names = ", ".join(one.typed for one in meant[:MOST_SAID])
    others = " and others" if len(meant) > MOST_SAID else ""
    return invalid(field, f"Several are meant by “{text}”: {names}{others}. Type more of the name.")


def name_of(work: UnitOfWork, account_id: int, agent_id: int) -> str:
    """Return the name of the agent, active or not."""
    found = agents.find(work.session, account_id, agent_id)
    return found.name if found else "Nobody"
