"""The waiting conversations of an inbox: the next ones for a batch, and counts of the remaining ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Integer,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.types import NULLTYPE

from dashboard.engine.model import Conversation as Waiting
from dashboard.engine.model import Hold, PoolKey, Status, TakenFrom
from dashboard.engine.policy import ConversationPriority
from dashboard.store.assignment import open_counts
from dashboard.store.assignment import waiting_conditions as conditions
from dashboard.store.assignment.waiting_conditions import Filter
from dashboard.store.core import skill_keys
from dashboard.store.models import Conversation
from dashboard.store.postgres.database import Session

__all__ = [
    "Filter",
    "Locked",
    "WaitingGroup",
    "before",
    "contacts_being_served",
    "find",
    "left",
    "lock_next",
    "position",
]

NO_SKILLS = frozenset[str]()
WAITING = and_(Conversation.status == Status.OPEN, Conversation.assignee_id.is_(None))
ORDER = {
    ConversationPriority.EARLIEST_CREATED: (Conversation.created_at, Conversation.id),
    ConversationPriority.LONGEST_WAITING: (Conversation.last_activity_at, Conversation.created_at, Conversation.id),
    ConversationPriority.SOONEST_DUE: (Conversation.due_at, Conversation.waiting_since, Conversation.id),
}

SINCE = (Conversation.waiting_since, Conversation.id)

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
    Conversation.skill_key,
    Conversation.due_at,
    type_coerce(Conversation.returned_from, NULLTYPE).label("returned_from"),
    type_coerce(Conversation.returned_ats, NULLTYPE).label("returned_ats"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingGroup:
    """The number of waiting conversations of one pool that share the same reasons for exclusion.

    `held_until` is the first end of their holds. `strict_since` and `own_since` begin the longest wait of those that
    still require their skills, and of those that do not overflow yet.
    """

    team_id: int | None
    count: int
    skills: frozenset[str] = frozenset()
    strict_since: datetime | None = None
    own_since: datetime | None = None
    held_for: Hold | None = None
    held_until: datetime | None = None
    by_label: bool = False
    by_age: bool = False
    being_served: bool = False

    @property
    def pool(self) -> PoolKey:
        """Return the pool whose turn decides about them."""
        return PoolKey(self.team_id, self.skills)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """The conversations of a batch, locked."""

    conversations: tuple[Waiting, ...]


def lock_next(
    session: Session,
    rules: Filter,
    *,
    pools: Collection[PoolKey],
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
    return Locked(conversations=tuple(map(value, session.execute(wanted, {"now": now, "most": most}))))


def before(session: Session, rules: Filter, conversation: Waiting, *, most: int, now: datetime) -> tuple[Waiting, ...]:
    """Return the first waiting conversations before this one in the policy's order, excluded ones too; lock none."""
    wanted = _rows(rules).where(_goes_before(rules, conversation)).limit(most)
    return tuple(map(value, session.execute(wanted, {"now": now})))


def find(session: Session, rules: Filter, conversation_id: int, now: datetime) -> Waiting | None:
    """Return a waiting conversation of this inbox."""
    row = session.execute(_rows(rules).where(Conversation.id == conversation_id), {"now": now}).one_or_none()
    return value(row) if row else None


def preferred_agents(session: Session, rules: Filter, ids: Collection[int], now: datetime) -> Mapping[int, int]:
    """Return the contacts' agents of these conversations, by conversation (E60)."""
    agent = conditions.preferred(rules, NOW).label("agent_id")
    wanted = of(rules).add_columns(Conversation.id, agent).where(Conversation.id.in_(ids))
    found = session.execute(wanted, {"now": now})
    return {conversation_id: agent_id for conversation_id, agent_id in found if agent_id is not None}


def position(session: Session, rules: Filter, conversation: Waiting) -> int:
    """Return the conversation's position among all waiting conversations of the inbox, from 1."""
    ahead = of(rules).add_columns(Conversation.id).where(_goes_before(rules, conversation)).subquery()
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
    held = conditions.held(now)
    strict = and_(Conversation.skill_key != "", not_(conditions.has_waited(rules.relaxes_after, now)))
    own = not_(conditions.has_waited(rules.overflows_after, now))
    sorts = (
        Conversation.team_id.label("team_id"),
        case((strict, Conversation.skill_key), else_="").label("skill_key"),
        case((held, Conversation.held_for)).label("held_for"),
        conditions.by_label(rules).label("by_label"),
        conditions.by_age(rules, now).label("by_age"),
        conditions.being_served(rules).label("being_served"),
    )
    firsts = (
        case((held, Conversation.held_until)).label("held_until"),
        case((strict, Conversation.waiting_since)).label("strict_since"),
        case((own, Conversation.waiting_since)).label("own_since"),
    )
    inner = of(rules).add_columns(*sorts, *firsts).subquery()
    kinds = [inner.c[column.name] for column in sorts]
    counted = (func.count().label("waiting"), *(func.min(inner.c[one.name]).label(one.name) for one in firsts))
    return list(map(_group, session.execute(select(*kinds, *counted).group_by(*kinds))))


def _group(row: Row[Any]) -> WaitingGroup:
    return WaitingGroup(
        team_id=row.team_id,
        count=row.waiting,
        skills=skill_keys.skills_of(row.skill_key),
        strict_since=row.strict_since,
        own_since=row.own_since,
        held_for=Hold(row.held_for) if row.held_for else None,
        held_until=row.held_until,
        by_label=row.by_label,
        by_age=row.by_age,
        being_served=row.being_served,
    )


@lru_cache(maxsize=1_000)
def _takeable(rules: Filter, pools: frozenset[PoolKey], hold: bool) -> Select[Any]:
    """Return the statement, cached for any instant and limit: building it took as long as running it."""
    wanted = _rows(rules).where(*may_take(rules, pools)).limit(MOST)
    return wanted.with_for_update(skip_locked=True, key_share=True, of=Conversation) if hold else wanted


def may_take(rules: Filter, pools: frozenset[PoolKey]) -> list[ColumnElement[bool]]:
    """Return the conditions under which these pools may take a waiting conversation."""
    kept = [conditions.held(NOW), conditions.being_written(rules)]
    kept += [conditions.by_label(rules), conditions.by_age(rules, NOW)]
    if rules.remembers_for is None:  # else the plan decides: the contact's agent may take it all the same (E60)
        kept.append(conditions.being_served(rules))
    return [conditions.in_pools(rules, pools, NOW), *map(not_, kept)]


def _rows(rules: Filter) -> Select[Any]:
    columns = (*COLUMNS, conditions.preferred(rules, NOW).label("preferred"))
    return of(rules).add_columns(*columns).order_by(*ORDER[rules.priority])


def value(row: Sequence[Any]) -> Waiting:
    # Unpacked at once: access by name took twice as long.
    conversation_id, team_id, contact_id, labels, created_at, last_activity_at, *others = row
    had_by, waiting_since, held_until, held_for, skill_key, due_at, returned_from, returned_ats, preferred = others
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
        waiting_since=waiting_since,
        skills=skill_keys.skills_of(skill_key) if skill_key else NO_SKILLS,
        preferred=preferred,
        due_at=due_at,
        returned_from=taken_from(returned_from, returned_ats) if returned_from else (),
    )


def taken_from(agent_ids: Sequence[int], instants: Sequence[datetime]) -> tuple[TakenFrom, ...]:
    """Return the agents from whom a conversation came back, with the instants (E65)."""
    return tuple(map(TakenFrom, agent_ids, instants))


def of(rules: Filter) -> Select[tuple[()]]:
    return select().where(Conversation.account_id == rules.account_id, Conversation.inbox_id == rules.inbox_id, WAITING)


def _goes_before(rules: Filter, conversation: Waiting) -> ColumnElement[bool]:
    if rules.priority is ConversationPriority.SOONEST_DUE:
        return _is_due_before(conversation)
    instants = {
        ConversationPriority.EARLIEST_CREATED: (conversation.created_at,),
        ConversationPriority.LONGEST_WAITING: (conversation.last_activity_at, conversation.created_at),
    }
    return tuple_(*ORDER[rules.priority]) < tuple_(*instants[rules.priority], conversation.id)


def _is_due_before(conversation: Waiting) -> ColumnElement[bool]:
    """Return the order of E55 as a condition: conversations that are never due are the last."""
    since, due_at = conversation.waiting_since or conversation.created_at, conversation.due_at
    if due_at is None:
        waited_longer = tuple_(*SINCE) < tuple_(since, conversation.id)
        return or_(Conversation.due_at.is_not(None), waited_longer)
    # Null for those that are never due.
    return tuple_(*ORDER[ConversationPriority.SOONEST_DUE]) < tuple_(due_at, since, conversation.id)
