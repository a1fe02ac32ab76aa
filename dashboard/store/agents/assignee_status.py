"""An assignee's membership in a conversation's inbox and team, and the inboxes that gain from their free capacity."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select

from dashboard.engine.model import Presence, Status
from dashboard.store.models import (
    AccountUser,
    AssignmentPolicy,
    CapacityPolicy,
    Conversation,
    Inbox,
    InboxMember,
    PolicyLink,
    TeamMember,
)
from dashboard.store.postgres.database import Session

WAITING_HERE = and_(
    Conversation.inbox_id == Inbox.id, Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssigneeStatus:
    """An assignee as a candidate for their conversation's inbox and team (E11), with their set availability.

    `counts_unanswered`: an answer makes room under their capacity policy (E67).
    """

    active: bool
    is_member: bool
    availability: Presence
    counts_unanswered: bool = False


def standing(
    session: Session,
    agent_id: int,
    *,
    account_id: int,
    inbox_id: int,
    team_id: int | None,
    overflow_team_id: int | None = None,
) -> AssigneeStatus:
    """Return the agent's status for conversations of this inbox and team.

    Whoever got one as a member of the overflow team keeps it as such a member (E59).
    """
    team_id, of_inbox = (overflow_team_id, False) if overflow_team_id is not None else (team_id, True)
    members = exists().where(InboxMember.inbox_id == inbox_id)
    row = session.execute(
        select(
            AccountUser.active,
            AccountUser.availability,
            CapacityPolicy.count_only_unanswered,
            members.label("inbox_has_members"),
            members.where(InboxMember.user_id == agent_id).label("in_inbox"),
            exists().where(TeamMember.team_id == team_id, TeamMember.user_id == agent_id).label("in_team"),
        )
        .outerjoin(CapacityPolicy, CapacityPolicy.id == AccountUser.agent_capacity_policy_id)
        .where(AccountUser.account_id == account_id, AccountUser.user_id == agent_id)
    ).one()
    in_pool = row.in_inbox if team_id is None else row.in_team and _counts_here(row, of_inbox)
    return AssigneeStatus(
        active=row.active,
        is_member=row.active and in_pool,
        availability=row.availability,
        counts_unanswered=bool(row.count_only_unanswered),
    )


def _counts_here(row: Any, of_inbox: bool) -> bool:
    return not of_inbox or row.in_inbox or not row.inbox_has_members


def in_team(session: Session, team_id: int | None, agent_id: int) -> bool:
    """Return True if the agent is a member of the team."""
    belongs = exists().where(TeamMember.team_id == team_id, TeamMember.user_id == agent_id)
    return bool(session.scalar(select(belongs)))


def in_inbox(session: Session, inbox_id: int, agent_id: int) -> bool:
    """Return True if the agent is an active member of the inbox."""
    belongs = exists().where(
        InboxMember.inbox_id == inbox_id,
        InboxMember.user_id == agent_id,
        AccountUser.account_id == InboxMember.account_id,
        AccountUser.user_id == InboxMember.user_id,
        AccountUser.active,
    )
    return bool(session.scalar(select(belongs)))


def team_answers(session: Session, team_id: int, inbox_id: int) -> bool:
    """Return True if the team has a member of the inbox."""
    both = exists().where(
        TeamMember.team_id == team_id, InboxMember.inbox_id == inbox_id, InboxMember.user_id == TeamMember.user_id
    )
    return bool(session.scalar(select(both)))


def inboxes_with_room(session: Session, account_id: int, agent_id: int, *, contact_id: int | None) -> frozenset[int]:
    """Return the inboxes with waiting conversations that the agent may get, or that waited for this contact (E10)."""
    found = select(Inbox.id).where(
        Inbox.account_id == account_id, or_(_of_inbox(agent_id), _of_teams(agent_id), _of_contact(contact_id))
    )
    return frozenset(session.scalars(found))


def _of_inbox(agent_id: int) -> ColumnElement[bool]:
    member = exists().where(InboxMember.inbox_id == Inbox.id, InboxMember.user_id == agent_id)
    return and_(member, exists().where(WAITING_HERE))


def _of_teams(agent_id: int) -> ColumnElement[bool]:
    return exists().where(WAITING_HERE, Conversation.team_id == TeamMember.team_id, TeamMember.user_id == agent_id)


def _of_contact(contact_id: int | None) -> ColumnElement[bool]:
    if contact_id is None:
        return false()
    one_agent = exists().where(
        PolicyLink.inbox_id == Inbox.id,
        PolicyLink.assignment_policy_id == AssignmentPolicy.id,
        AssignmentPolicy.one_agent_per_contact,
    )
    return and_(one_agent, exists().where(WAITING_HERE, Conversation.contact_id == contact_id))
