"""The inboxes with waiting conversations that a change affects at once (E30).

Call these after the commit: a conversation that waits later starts its own run, which sees the change.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, exists, func, select, true

from dashboard.engine.model import Status
from dashboard.store.agents import assignee_status
from dashboard.store.models import Conversation, Inbox, PolicyLink
from dashboard.store.postgres.database import Session


@dataclass(slots=True)
class Touched:
    """What changes concern of an account: all of it, or these inboxes, policies, teams, and agents with room.

    `rooms` are agents who hold one less, each with the contact whose conversation it was.
    """

    is_all: bool = False
    inbox_ids: set[int] = field(default_factory=set)
    policy_ids: set[int] = field(default_factory=set)
    team_ids: set[int] = field(default_factory=set)
    rooms: set[tuple[int, int | None]] = field(default_factory=set)


def of(session: Session, account_id: int, touched: Touched) -> set[int]:
    """Return the inboxes where something waits that the changes concern; what is not touched costs no query."""
    if touched.is_all:
        return set(of_account(session, account_id))
    found: set[int] = set()
    if touched.inbox_ids:
        found.update(of_inboxes(session, account_id, touched.inbox_ids))
    for policy_id in touched.policy_ids:
        found.update(of_policy(session, account_id, policy_id))
    for team_id in touched.team_ids:
        found.update(of_team(session, account_id, team_id))
    for agent_id, contact_id in touched.rooms:
        found |= assignee_status.inboxes_with_room(session, account_id, agent_id, contact_id=contact_id)
    return found


def of_account(session: Session, account_id: int) -> Sequence[int]:
    """Return the account's inboxes with waiting conversations."""
    return _waiting(session, account_id, true())


def of_inboxes(session: Session, account_id: int, inbox_ids: Collection[int]) -> Sequence[int]:
    """Return those of these inboxes that have waiting conversations."""
    return _waiting(session, account_id, Inbox.id == func.any(list(inbox_ids)))


def of_policy(session: Session, account_id: int, policy_id: int) -> Sequence[int]:
    """Return the assignment policy's inboxes with waiting conversations."""
    linked = exists().where(PolicyLink.inbox_id == Inbox.id, PolicyLink.assignment_policy_id == policy_id)
    return _waiting(session, account_id, linked)


def of_team(session: Session, account_id: int, team_id: int) -> Sequence[int]:
    """Return the inboxes with waiting conversations of the team."""
    return _waiting(session, account_id, true(), Conversation.team_id == team_id)


def _waiting(
    session: Session, account_id: int, of_inbox: ColumnElement[bool], of_conversation: ColumnElement[bool] = true()
) -> Sequence[int]:
    something = exists().where(
        Conversation.inbox_id == Inbox.id,
        Conversation.status == Status.OPEN,
        Conversation.assignee_id.is_(None),
        of_conversation,
    )
    return session.scalars(select(Inbox.id).where(Inbox.account_id == account_id, of_inbox, something)).all()
