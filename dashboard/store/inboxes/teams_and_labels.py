"""Teams and labels, and their conversations after a team's deletion or a label's renaming."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import any_, case, func, literal, select, update

from dashboard.engine.model import AssignmentType
from dashboard.store.models import AssignmentPolicy, Conversation, Label, Team
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team; a maximum of 0 means unlimited."""

    id: int
    name: str
    assignment_type: AssignmentType
    max_auto_assigned_conversations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relabelled:
    """A conversation's labels before and after a label was renamed."""

    conversation_id: int
    before: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """A suggested label of the account."""

    id: int
    title: str
    color: str | None


teams = AccountTable(Team, TeamRow)
labels = AccountTable(Label, LabelRow)


def overflows_to(session: Session, account_id: int, team_id: int) -> str | None:
    """Return the name of a policy that overflows to this team (E59)."""
    found = select(AssignmentPolicy.name).where(
        AssignmentPolicy.account_id == account_id, AssignmentPolicy.overflow_team_id == team_id
    )
    return session.scalar(found.order_by(AssignmentPolicy.name).limit(1))


def leave(session: Session, account_id: int, team_id: int) -> Sequence[int]:
    """Remove the team from its conversations; return their ids."""
    of_team = select(Conversation.id).where(Conversation.account_id == account_id, Conversation.team_id == team_id)
    held = of_team.order_by(Conversation.id).with_for_update(key_share=True)
    left = update(Conversation).where(Conversation.id.in_(held))
    return session.scalars(left.values(team_id=None).returning(Conversation.id)).all()


def relabel(session: Session, account_id: int, before: str, after: str) -> Sequence[Relabelled]:
    """Replace one label by another on all conversations that carry it, without duplicates; return these."""
    carrying = select(Conversation.id, Conversation.labels).where(
        Conversation.account_id == account_id, literal(before) == any_(Conversation.labels)
    )
    rows = session.execute(carrying.order_by(Conversation.id).with_for_update(key_share=True))
    held = {row.id: row.labels for row in rows}
    carries_both = literal(after) == any_(Conversation.labels)
    labels = case(
        (carries_both, func.array_remove(Conversation.labels, before)),
        else_=func.array_replace(Conversation.labels, before, after),
    )
    relabelled = update(Conversation).where(Conversation.id == func.any(list(held))).values(labels=labels)
    written = session.execute(relabelled.returning(Conversation.id, Conversation.labels))
    return [Relabelled(conversation_id=one, before=held[one], after=now) for one, now in written]
