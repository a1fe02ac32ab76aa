"""An agent's past assignments, and the shares of automatic assignments among an inbox's agents."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import aliased

from dashboard.engine.decisions import Source
from dashboard.store.conversations.reading_rights import readable_by
from dashboard.store.core.paging import Page
from dashboard.store.models import AccountUser, Assignment, AssignmentPolicy, Conversation, Inbox, Run
from dashboard.store.postgres.database import Session

# The automatic assignments of the inbox's members and of former members.
SHARES = text(
    """
    SELECT u.user_id AS agent_id, u.name, m.user_id IS NOT NULL AND u.active AS member,
      coalesce(a.day, 0) AS day, coalesce(a.week, 0) AS week
    FROM (
      SELECT agent_id, count(*) FILTER (WHERE at > :day_ago) AS day, count(*) AS week FROM assignments
      WHERE inbox_id = :inbox_id AND at > :week_ago AND run_id IS NOT NULL AND agent_id IS NOT NULL
      GROUP BY agent_id
    ) a
    FULL JOIN (SELECT user_id FROM inbox_members WHERE inbox_id = :inbox_id) m ON m.user_id = a.agent_id
    JOIN account_users u ON u.account_id = :account_id AND u.user_id = coalesce(a.agent_id, m.user_id)
    WHERE u.active OR a.week IS NOT NULL
    ORDER BY week DESC, day DESC, lower(u.name), u.user_id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenLine:
    """A ledger row of an assignment to an agent; without `run_id`, a person made it.

    `run_kept` is True while the run's record exists; the policy's name is None after its deletion. `readable` is
    True if the agent of this row may read the conversation now.
    """

    id: int
    at: datetime
    conversation_id: int
    subject: str | None
    inbox_id: int
    inbox_name: str
    previous_agent_name: str | None
    actor_name: str | None
    source: Source
    run_id: int | None
    run_kept: bool
    position: int | None
    policy_id: int | None
    policy_name: str | None
    policy_version: int | None
    waiting_since: datetime | None
    readable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLedgerLine:
    """A page of an agent's past assignments, newest first; `more` is True if another page follows."""

    lines: tuple[GivenLine, ...]
    page: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentShare:
    """An agent's automatic assignments in an inbox, in a day and a week; those of former members count."""

    agent_id: int
    name: str
    member: bool
    day: int
    week: int


PREVIOUS, ACTOR = aliased(AccountUser), aliased(AccountUser)
LINES = (
    select(
        *(getattr(Assignment, name) for name in GivenLine.__slots__ if hasattr(Assignment, name)),
        Conversation.subject,
        Inbox.name.label("inbox_name"),
        PREVIOUS.name.label("previous_agent_name"),
        ACTOR.name.label("actor_name"),
        Run.id.is_not(None).label("run_kept"),
        AssignmentPolicy.name.label("policy_name"),
        readable_by(Assignment.agent_id).label("readable"),
    )
    .join(Conversation, Conversation.id == Assignment.conversation_id)
    .join(Inbox, Inbox.id == Assignment.inbox_id)
    .outerjoin(
        PREVIOUS,
        (PREVIOUS.account_id == Assignment.account_id) & (PREVIOUS.user_id == Assignment.previous_agent_id),
    )
    .outerjoin(ACTOR, (ACTOR.account_id == Assignment.account_id) & (ACTOR.user_id == Assignment.actor_id))
    .outerjoin(Run, Run.id == Assignment.run_id)
    .outerjoin(AssignmentPolicy, AssignmentPolicy.id == Assignment.policy_id)
    .order_by(Assignment.at.desc(), Assignment.id.desc())
)


def given(session: Session, account_id: int, agent_id: int, page: Page) -> AgentLedgerLine:
    """Return one page of the agent's past assignments, without a total: counting costs more than reading the page."""
    wanted = LINES.where(Assignment.account_id == account_id, Assignment.agent_id == agent_id)
    rows = session.execute(wanted.limit(page.per_page + 1).offset(page.offset)).all()
    lines = tuple(GivenLine(**row._mapping) for row in rows[: page.per_page])
    return AgentLedgerLine(lines=lines, page=page.page, more=len(rows) > page.per_page)


def one(session: Session, account_id: int, assignment_id: int) -> GivenLine | None:
    """Return one ledger row that assigned a conversation to an agent."""
    row = session.execute(
        LINES.where(
            Assignment.account_id == account_id, Assignment.id == assignment_id, Assignment.agent_id.is_not(None)
        )
    ).one_or_none()
    return GivenLine(**row._mapping) if row else None


def shares(
    session: Session, account_id: int, inbox_id: int, *, day_ago: datetime, week_ago: datetime
) -> Sequence[AgentShare]:
    """Return the automatic assignments of an inbox by agent, the largest number first."""
    asked = {"account_id": account_id, "inbox_id": inbox_id, "day_ago": day_ago, "week_ago": week_ago}
    return [AgentShare(**row._mapping) for row in session.execute(SHARES, asked)]
