"""Reads a conversation for its page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from dashboard.engine.decisions import Source, Via
from dashboard.engine.model import Status
from dashboard.store.conversations.reading_rights import readable_by
from dashboard.store.core.page_values import Scope
from dashboard.store.models import AccountUser, Assignment, Contact, Conversation, Inbox, Team
from dashboard.store.postgres.database import Session

MOST_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    """A conversation's fields and names."""

    id: int
    external_id: str | None
    subject: str | None
    status: Status
    priority: int | None
    labels: tuple[str, ...]
    required_skills: tuple[str, ...]
    inbox_id: int
    inbox_name: str
    team_id: int | None
    team_name: str | None
    contact_name: str | None
    contact_identifier: str | None
    assignee_id: int | None
    assignee_name: str | None
    created_at: datetime
    last_activity_at: datetime
    waiting_since: datetime | None
    assigned_at: datetime | None
    resolved_at: datetime | None
    snoozed_until: datetime | None
    respond_by: datetime | None
    due_at: datetime | None
    returns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """A ledger row with names; a release has no agent."""

    id: int
    agent_name: str | None
    previous_agent_name: str | None
    actor_name: str | None
    source: Source
    reason: str | None
    run_id: int | None
    position: int | None
    via: Via | None
    skills_relaxed: bool
    at: datetime


def one(session: Session, scope: Scope, conversation_id: int) -> ConversationPage | None:
    """Return a conversation that the scope may read."""
    facts = [column for column in Conversation.__table__.columns if column.name in ConversationPage.__slots__]
    wanted = (
        select(
            *facts,
            Inbox.name.label("inbox_name"),
            Team.name.label("team_name"),
            Contact.name.label("contact_name"),
            Contact.identifier.label("contact_identifier"),
            AccountUser.name.label("assignee_name"),
        )
        .select_from(Conversation)
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .outerjoin(Team, Team.id == Conversation.team_id)
        .outerjoin(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(
            AccountUser,
            (AccountUser.account_id == Conversation.account_id) & (AccountUser.user_id == Conversation.assignee_id),
        )
        .where(Conversation.account_id == scope.account_id, Conversation.id == conversation_id)
    )
    if scope.member_id is not None:
        wanted = wanted.where(readable_by(scope.member_id))
    row = session.execute(wanted).one_or_none()
    if row is None:
        return None
    lists = {"labels": tuple(row.labels), "required_skills": tuple(row.required_skills)}
    return ConversationPage(**{**row._mapping, **lists})


def ledger(session: Session, account_id: int, conversation_id: int) -> Sequence[LedgerLine]:
    """Return the conversation's ledger with names, newest first."""
    agent, previous, actor = aliased(AccountUser), aliased(AccountUser), aliased(AccountUser)
    rows = session.execute(
        select(
            Assignment.id,
            agent.name.label("agent_name"),
            previous.name.label("previous_agent_name"),
            actor.name.label("actor_name"),
            Assignment.source,
            Assignment.reason,
            Assignment.run_id,
            Assignment.position,
            Assignment.via,
            Assignment.skills_relaxed,
            Assignment.at,
        )
        .outerjoin(agent, (agent.account_id == account_id) & (agent.user_id == Assignment.agent_id))
        .outerjoin(previous, (previous.account_id == account_id) & (previous.user_id == Assignment.previous_agent_id))
        .outerjoin(actor, (actor.account_id == account_id) & (actor.user_id == Assignment.actor_id))
        .where(Assignment.account_id == account_id, Assignment.conversation_id == conversation_id)
        .order_by(Assignment.id.desc())
        .limit(MOST_ROWS)
    )
    return [LedgerLine(**row._mapping) for row in rows]
