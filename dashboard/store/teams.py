"""Teams, labels, and the conversations that a team leaves behind."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update

from dashboard.engine.model import AssignmentType
from dashboard.store.database import Session
from dashboard.store.models import Conversation, Label, Team
from dashboard.store.shelf import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team; a maximum of 0 is none."""

    id: int
    name: str
    assignment_type: AssignmentType
    max_auto_assigned_conversations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """A label that the account suggests."""

    id: int
    title: str
    color: str | None


teams = Shelf(Team, TeamRow)
labels = Shelf(Label, LabelRow)


def leave(session: Session, account_id: int, team_id: int) -> Sequence[int]:
    """Leave the team's conversations without a team; return their ids."""
    left = update(Conversation).where(Conversation.account_id == account_id, Conversation.team_id == team_id)
    return session.scalars(left.values(team_id=None).returning(Conversation.id)).all()
