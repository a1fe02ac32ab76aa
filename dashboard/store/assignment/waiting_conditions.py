"""The conditions of waiting conversations: which of them a run may take, and why it takes others not."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, Text, and_, exists, false, func, literal, not_, null, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from dashboard.engine.model import Awaiting, PoolKey, Status
from dashboard.engine.policy import ConversationPriority, ExclusionRules
from dashboard.store.core import skill_keys
from dashboard.store.models import Conversation, HelpdeskWrite
from dashboard.store.models.helpdesk_writes import WriteState

Moment: TypeAlias = datetime | BindParameter[datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The conversations that a run may take: of one inbox, not excluded, and with E10 of no contact being served.

    Only conversations of a connected inbox are held. `skilled` tells that some require skills, `remembers_for` how long
    an agent is the contact's (E60).
    """

    account_id: int
    inbox_id: int
    priority: ConversationPriority
    exclusions: tuple[ExclusionRules, ...]
    one_agent_per_contact: bool
    is_connected: bool = False
    skilled: bool = False
    relaxes_after: timedelta | None = None
    overflows_after: timedelta | None = None
    remembers_for: timedelta | None = None
    manual_team_ids: frozenset[int] = frozenset()

    @property
    def may_keep(self) -> bool:
        """Return True if a rule of single conversations may keep one waiting, or a hold may delay it."""
        by_rule = (
            bool(self.exclusions) or self.one_agent_per_contact or self.skilled or self.overflows_after is not None
        )
        return by_rule or self.is_connected


def in_pools(rules: Filter, pools: Collection[PoolKey], now: Moment) -> ColumnElement[bool]:
    """Return the condition that one of these pools may take it: its own, or the overflow team's after its time."""
    own = _of_teams({key.team_id for key in pools if not key.skills and not key.is_overflow})
    if not rules.skilled and rules.overflows_after is None:
        return own
    skilled = [and_(_of_teams({key.team_id}), _requires(key)) for key in pools if key.skills and not key.is_overflow]
    beyond = [_requires(key) if key.skills else is_unskilled(rules, now) for key in pools if key.is_overflow]
    by_turn = or_(and_(own, is_unskilled(rules, now)), *skilled)
    return or_(by_turn, and_(_overflows(rules, now), or_(*beyond))) if beyond else by_turn


def is_unskilled(rules: Filter, now: Moment) -> ColumnElement[bool]:
    """Return the condition that it requires no skills, or none any more (E58)."""
    return or_(Conversation.skill_key == "", has_waited(rules.relaxes_after, now))


def has_waited(long: timedelta | None, now: Moment) -> ColumnElement[bool]:
    """Return the condition that it has waited for this span; never for None."""
    return false() if long is None else Conversation.waiting_since <= now - long


def preferred(rules: Filter, now: Moment) -> ColumnElement[Any]:
    """Return the contact's agent: of an open conversation, else of the latest within the policy's hours (E60).

    An assignment by a run counts once the agent has answered.
    """
    if rules.remembers_for is None:
        return null()
    other = aliased(Conversation)
    last_at = func.coalesce(other.resolved_at, other.last_activity_at)
    is_open = other.status == Status.OPEN
    # Of a helpdesk's conversation only the side that must answer next is known.
    answered = other.awaiting == Awaiting.CUSTOMER
    return (
        select(other.assignee_id)
        .where(
            other.account_id == rules.account_id,
            other.contact_id == Conversation.contact_id,
            other.id != Conversation.id,
            other.assignee_id.is_not(None),
            or_(other.assigned_by_engine.is_(False), other.replied_at >= other.assigned_at, answered),
            or_(is_open, last_at > now - rules.remembers_for),
        )
        .order_by(is_open.desc(), last_at.desc(), other.id.desc())
        .limit(1)
        .correlate(Conversation)
        .scalar_subquery()
    )


def _requires(key: PoolKey) -> ColumnElement[bool]:
    return Conversation.skill_key == skill_keys.key_of(key.skills)


def _overflows(rules: Filter, now: Moment) -> ColumnElement[bool]:
    """Return the condition that it may go to the overflow team; what a team leaves to people never does."""
    by_people = Conversation.team_id.in_(sorted(rules.manual_team_ids))
    return and_(has_waited(rules.overflows_after, now), or_(Conversation.team_id.is_(None), not_(by_people)))


def _of_teams(team_ids: Collection[int | None]) -> ColumnElement[bool]:
    teams = sorted(team_id for team_id in team_ids if team_id is not None)
    none = Conversation.team_id.is_(None) if None in team_ids else false()
    return or_(none, Conversation.team_id.in_(teams)) if teams else none


def held(now: Moment) -> ColumnElement[bool]:
    """Return the condition that it is not decided yet (C11); it is never null, so that its negation is exact."""
    return and_(Conversation.held_until.is_not(None), Conversation.held_until > now)


def being_written(rules: Filter) -> ColumnElement[bool]:
    """Return the condition that a release is still to be written in the helpdesk, where somebody has it until then.

    A claim before that would lose its race. It counts as changed meanwhile, so that a run looks again soon.
    """
    if not rules.is_connected:
        return false()
    return exists().where(
        HelpdeskWrite.conversation_id == Conversation.id,
        HelpdeskWrite.state == WriteState.WRITING,
        HelpdeskWrite.confirmed_at.is_(None),
    )


def by_label(rules: Filter) -> ColumnElement[bool]:
    labels = sorted({label for rule in rules.exclusions for label in rule.excluded_labels})
    if not labels:
        return false()
    overlap: ColumnElement[bool] = Conversation.labels.overlap(literal(labels, ARRAY(Text)))
    return overlap


def by_age(rules: Filter, now: Moment) -> ColumnElement[bool]:
    hours = [rule.exclude_older_than_hours for rule in rules.exclusions if rule.exclude_older_than_hours is not None]
    return Conversation.created_at < now - timedelta(hours=min(hours)) if hours else false()


def being_served(rules: Filter) -> ColumnElement[bool]:
    """Return the condition that the contact already has an open, assigned conversation in the account (E10)."""
    if not rules.one_agent_per_contact:
        return false()
    other = aliased(Conversation)
    return exists().where(
        other.account_id == rules.account_id,
        other.contact_id == Conversation.contact_id,
        other.status == Status.OPEN,
        other.assignee_id.is_not(None),
    )
