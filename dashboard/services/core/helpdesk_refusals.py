"""Refusals of changes that belong in the helpdesk (C2): one sentence each, with its name."""

from dashboard.services.core.refusals import Conflict
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.helpdesks import masters
from dashboard.store.helpdesks.masters import Master

THERE = "{} decides {}; change it there."
CONVERSATIONS = "the status, labels, priority, team and inbox of its conversations"


def of_conversation(master: Master) -> Conflict:
    """Refuse a message, or a change that only the helpdesk may make to a conversation."""
    return Conflict(sentence=f"{master.name} decides {CONVERSATIONS}, and has their messages; change them there.")


def of_assignee(master: Master) -> Conflict:
    """Refuse an assignment by hand where nothing is written in the helpdesk (C13, C19)."""
    mode = master.mode.value if master.mode else "off"
    return Conflict(sentence=f"This inbox of {master.name} is {mode}, so nothing is assigned there from here.")


def of_inbox(work: UnitOfWork, account_id: int, inbox_id: int, what: str) -> Conflict | None:
    """Refuse a change of this part of an inbox that is in a helpdesk."""
    master = masters.of_inbox(work.session, account_id, inbox_id)
    return Conflict(sentence=THERE.format(master.name, f"{what} of this inbox")) if master else None


def of_team(work: UnitOfWork, account_id: int, team_id: int, what: str) -> Conflict | None:
    """Refuse a change of this part of a team that is in a helpdesk."""
    master = masters.of_team(work.session, account_id, team_id)
    return Conflict(sentence=THERE.format(master.name, f"{what} of this team")) if master else None


def of_label(work: UnitOfWork, account_id: int, title: str) -> Conflict | None:
    """Refuse another name for a label that open conversations of a helpdesk carry."""
    master = masters.of_label(work.session, account_id, title)
    return Conflict(sentence=THERE.format(master.name, "the labels of its conversations")) if master else None
