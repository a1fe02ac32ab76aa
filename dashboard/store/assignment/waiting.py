"""The waiting conversations of an inbox: the next ones for a batch, and counts of the remaining ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased
from sqlalchemy.types import NULLTYPE

from dashboard.engine.model import Conversation as Waiting
from dashboard.engine.model import Hold, Status
from dashboard.engine.policy import ConversationPriority, ExclusionRules
from dashboard.store.assignment import open_counts
from dashboard.store.models import Conversation, HelpdeskWrite
from dashboard.store.models.helpdesk_writes import WriteState
from dashboard.store.postgres.database import Session

WAITING = and_(Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None))
ORDER = {
    ConversationPriority.EARLIEST_CREATED: (Conversation.created_at, Conversation.id),
    ConversationPriority.LONGEST_WAITING: (Conversation.last_activity_at, Conversation.created_at, Conversation.id),
}

NOW, MOST = bindparam("now", type_=DateTime(timezone=True)), bindparam("most", type_=Integer)
COLUMNS = (
    Conversation.id,
    Conversation.team_id,
    Conversation.contact_id,
    # The driver returns lists; a typed array would make SQLAlchemy process every row's list again.
    type_coerce(Conversation.labels, NULLTYPE).label("labels"),
    Conversation.created_at,
    Conversation.last_activity_at,
    Conversation.had_by_id,
    Conversation.waiting_since,
    Conversation.held_until,
    type_coerce(Conversation.held_for, NULLTYPE).label("held_for"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The conversations that a run may take: of one inbox, not excluded, and with E10 of no contact being served.

    Only conversations of a connected inbox are held.
    """

    account_id: int
    inbox_id: int
    priority: ConversationPriority
    exclusions: tuple[ExclusionRules, ...]
    one_agent_per_contact: bool
    is_connected: bool = False

    @property
    def may_keep(self) -> bool:
        """Return True if a rule may exclude a conversation from assignment, or a hold may delay it."""
        return bool(self.exclusions) or self.one_agent_per_contact or self.is_connected


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingGroup:
    """The number of waiting conversations of one team, or without team, that share the same reasons for exclusion.

    `held_until` is the first end of their holds.
    """

    team_id: int | None
    count: int
    held_for: Hold | None = None
    held_until: datetime | None = None
    by_label: bool = False
    by_age: bool = False
    being_served: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The conversations of a batch, locked, with the start of each wait."""

    conversations: tuple[Waiting, ...]
    since: Mapping[int, datetime | None]


def lock_next(
    session: Session,
    rules: Filter,
    *,
    pools: Collection[int | None],
    most: int,
    now: datetime,
    but: Collection[int] = (),
    hold: bool = True,
) -> Locked:
    """Return the first waiting conversations of these pools, locked if `hold` is set.

    Rows that other transactions have locked are skipped. `but` are conversations that an earlier batch could not
    decide; without this filter they would come first again and hide the others.
    """
    wanted = _takeable(rules, frozenset(pools), hold)
    if but:
        wanted = wanted.where(Conversation.id.not_in(but))
    rows = session.execute(wanted, {"now": now, "most": most}).all()
    return Locked(conversations=tuple(map(_value, rows)), since={row.id: row.waiting_since for row in rows})


def before(session: Session, rules: Filter, conversation: Waiting, *, most: int) -> tuple[Waiting, ...]:
    """Return the first waiting conversations before this one in the policy's order, excluded ones too; lock none."""
    wanted = _rows(rules).where(_goes_before(rules, conversation)).limit(most)
    return tuple(map(_value, session.execute(wanted)))


def find(session: Session, rules: Filter, conversation_id: int) -> Waiting | None:
    """Return a waiting conversation of this inbox."""
    row = session.execute(_rows(rules).where(Conversation.id == conversation_id)).one_or_none()
    return _value(row) if row else None


def position(session: Session, rules: Filter, conversation: Waiting) -> int:
    """Return the conversation's position among all waiting conversations of the inbox, from 1."""
    ahead = _of(rules).add_columns(Conversation.id).where(_goes_before(rules, conversation)).subquery()
    return (session.scalar(select(func.count()).select_from(ahead)) or 0) + 1


def contacts_being_served(session: Session, account_id: int, contact_ids: Collection[int]) -> frozenset[int]:
    """Return the contacts with an open, assigned conversation in the account (E10)."""
    held = and_(Conversation.status == Status.OPEN, Conversation.assignee_id.is_not(None))
    wanted = select(Conversation.contact_id).where(
        Conversation.account_id == account_id, Conversation.contact_id.in_(contact_ids), held
    )
    return frozenset(contact for contact in session.scalars(wanted) if contact is not None)


def left(session: Session, rules: Filter, now: datetime) -> Sequence[WaitingGroup]:
    """Count the waiting conversations by team and by reason for exclusion, in one query.

    The conversations themselves are read only if a rule may exclude some.
    """
    if not rules.may_keep:
        counts = open_counts.waiting(session, rules.account_id, rules.inbox_id)
        return [WaitingGroup(team_id=team_id, count=count) for team_id, count in counts.items()]
    held = _held(now)
    sorts = (
        Conversation.team_id.label("team_id"),
        case((held, Conversation.held_for)).label("held_for"),
        _by_label(rules).label("by_label"),
        _by_age(rules, now).label("by_age"),
        _being_served(rules).label("being_served"),
    )
    until = case((held, Conversation.held_until)).label("until")
    inner = _of(rules).add_columns(*sorts, until).subquery()
    kinds = [column for column in inner.c if column.name != until.name]
    counted = (func.count().label("waiting"), func.min(inner.c.until).label("held_until"))
    rows = session.execute(select(*kinds, *counted).group_by(*kinds))
    return [
        WaitingGroup(
            team_id=row.team_id,
            held_for=Hold(row.held_for) if row.held_for else None,
            held_until=row.held_until,
            by_label=row.by_label,
            by_age=row.by_age,
            being_served=row.being_served,
            count=row.waiting,
        )
        for row in rows
    ]


@lru_cache(maxsize=1_000)
def _takeable(rules: Filter, pools: frozenset[int | None], hold: bool) -> Select[Any]:
    """Return the statement, cached for any instant and limit: building it took as long as running it."""
    kept = (_held(NOW), _being_written(rules), _by_label(rules), _by_age(rules, NOW), _being_served(rules))
    wanted = _rows(rules).where(_in(pools), *map(not_, kept)).limit(MOST)
    return wanted.with_for_update(skip_locked=True, key_share=True, of=Conversation) if hold else wanted


def _rows(rules: Filter) -> Select[Any]:
    return _of(rules).add_columns(*COLUMNS).order_by(*ORDER[rules.priority])


def _value(row: Sequence[Any]) -> Waiting:
    # Unpacked at once: access by name took twice as long.
    conversation_id, team_id, contact_id, labels, created_at, last_activity_at, *others = row
    had_by, waiting_since, held_until, held_for = others
    return Waiting(
        id=conversation_id,
        team_id=team_id,
        contact_id=contact_id,
        labels=tuple(labels),
        created_at=created_at,
        last_activity_at=last_activity_at,
        had_by=had_by,
        released_at=waiting_since if had_by else None,
        held_until=held_until,
        held_for=Hold(held_for) if held_for else None,
    )


def _of(rules: Filter) -> Select[tuple[()]]:
    return select().where(Conversation.account_id == rules.account_id, Conversation.inbox_id == rules.inbox_id, WAITING)


def _goes_before(rules: Filter, conversation: Waiting) -> ColumnElement[bool]:
    columns = ORDER[rules.priority]
    return tuple_(*columns) < tuple_(*(getattr(conversation, column.key) for column in columns))


def _in(pools: Collection[int | None]) -> ColumnElement[bool]:
    teams = [team_id for team_id in pools if team_id is not None]
    none = Conversation.team_id.is_(None) if None in pools else false()
    return or_(none, Conversation.team_id.in_(teams)) if teams else none


def _held(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Return the condition that it is not decided yet (C11); it is never null, so that its negation is exact."""
    return and_(Conversation.held_until.is_not(None), Conversation.held_until > now)


def _being_written(rules: Filter) -> ColumnElement[bool]:
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


def _by_label(rules: Filter) -> ColumnElement[bool]:
    labels = sorted({label for rule in rules.exclusions for label in rule.excluded_labels})
    if not labels:
        return false()
    overlap: ColumnElement[bool] = Conversation.labels.overlap(literal(labels, ARRAY(Text)))
    return overlap


def _by_age(rules: Filter, now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    hours = [rule.exclude_older_than_hours for rule in rules.exclusions if rule.exclude_older_than_hours is not None]
    return Conversation.created_at < now - timedelta(hours=min(hours)) if hours else false()


def _being_served(rules: Filter) -> ColumnElement[bool]:
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
