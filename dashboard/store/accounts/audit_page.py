"""Reads the audit log for its page: filtered by person, kind and time, from any point, with current or last names."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, text, tuple_

from dashboard.engine.model import Role
from dashboard.store.accounts.audit_log import Actor, AuditView
from dashboard.store.core.page_values import Choice
from dashboard.store.models import AccountUser, AssignmentPolicy, AuditEntry, CapacityPolicy, Inbox, Team
from dashboard.store.postgres.bulk import as_json
from dashboard.store.postgres.database import Session

# A deleted thing has the name of its deletion entry; an id is deleted at most once.
GONE = text(
    """
    SELECT w.subject, w.id AS subject_id, e.name
    FROM json_to_recordset(CAST(:wanted AS json)) AS w(subject text, id bigint)
    CROSS JOIN LATERAL (
      SELECT before ->> 'name' AS name FROM audit_entries
      WHERE account_id = :account_id AND subject = w.subject AND subject_id = w.id AND action = 'deleted' LIMIT 1
    ) e
    """
)
NEWEST = (AuditEntry.at.desc(), AuditEntry.id.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """A filter for entries; None means all. `by_nobody` selects the entries of commands."""

    actor_id: int | None = None
    by_nobody: bool = False
    subject: str | None = None
    subject_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Some entries, newest first; `before` is the id at which the next page begins, None on the last page."""

    lines: tuple[AuditView, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Things:
    """The ids that entries mention, by kind."""

    agents: Collection[int] = ()
    inboxes: Collection[int] = ()
    teams: Collection[int] = ()
    policies: Collection[int] = ()
    capacities: Collection[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditNames:
    """Current names, or the last names of deleted things; `living` are the existing ones."""

    agents: Mapping[int, str] = field(default_factory=dict)
    inboxes: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    policies: Mapping[int, str] = field(default_factory=dict)
    capacities: Mapping[int, str] = field(default_factory=dict)
    living: frozenset[tuple[str, int]] = frozenset()


def entries(session: Session, account_id: int, asked: AuditFilter, *, before: int | None, most: int) -> Entries:
    """Return the newest entries, or those after the entry with the id `before`."""
    wanted = (
        select(*AuditEntry.__table__.columns, AccountUser.name.label("actor_name"))
        .outerjoin_from(AuditEntry, AccountUser, _actor())
        .where(AuditEntry.account_id == account_id, *_filters(asked))
    )
    if before is not None:
        last = select(AuditEntry.at, AuditEntry.id).where(AuditEntry.account_id == account_id, AuditEntry.id == before)
        wanted = wanted.where(tuple_(AuditEntry.at, AuditEntry.id) < last.scalar_subquery())
    rows = session.execute(wanted.order_by(*NEWEST).limit(most + 1)).all()
    shown = tuple(_view(row) for row in rows[:most])
    return Entries(lines=shown, before=shown[-1].id if len(rows) > most else None)


def entry(session: Session, account_id: int, entry_id: int) -> AuditView | None:
    row = session.execute(
        select(*AuditEntry.__table__.columns, AccountUser.name.label("actor_name"))
        .outerjoin_from(AuditEntry, AccountUser, _actor())
        .where(AuditEntry.account_id == account_id, AuditEntry.id == entry_id)
    ).one_or_none()
    return _view(row) if row else None


def actors(session: Session, account_id: int) -> tuple[Choice, ...]:
    """Return the users with more rights than an agent, including deactivated ones."""
    which = (AccountUser.account_id == account_id, AccountUser.role != Role.AGENT)
    wanted = select(AccountUser.user_id, AccountUser.name).where(*which)
    rows = session.execute(wanted.order_by(func.lower(AccountUser.name), AccountUser.user_id))
    return tuple(Choice(id=row.user_id, name=row.name) for row in rows)


def names(session: Session, account_id: int, things: Things) -> AuditNames:
    """Return the names of these things, with one query per kind."""
    people = select(AccountUser.user_id, AccountUser.name).where(
        AccountUser.account_id == account_id, AccountUser.user_id == func.any(list(things.agents))
    )
    living: dict[str, Mapping[int, str]] = {
        "inbox": _named(session, account_id, Inbox, things.inboxes),
        "team": _named(session, account_id, Team, things.teams),
        "assignment_policy": _named(session, account_id, AssignmentPolicy, things.policies),
        "agent_capacity_policy": _named(session, account_id, CapacityPolicy, things.capacities),
    }
    asked = (things.inboxes, things.teams, things.policies, things.capacities)
    missing = [
        (kind, one) for (kind, found), ids in zip(living.items(), asked, strict=True) for one in {*ids} - {*found}
    ]
    gone = _gone(session, account_id, missing)
    inboxes, teams, policies, capacities = ({**gone.get(kind, {}), **found} for kind, found in living.items())
    agents = {row.user_id: row.name for row in session.execute(people)}
    return AuditNames(
        agents=agents,
        inboxes=inboxes,
        teams=teams,
        policies=policies,
        capacities=capacities,
        living=frozenset(("agent", one) for one in agents)
        | {(kind, one) for kind, found in living.items() for one in found},
    )


def _filters(asked: AuditFilter) -> list[ColumnElement[bool]]:
    equal = {"actor_id": asked.actor_id, "subject": asked.subject, "subject_id": asked.subject_id}
    found = [getattr(AuditEntry, name) == said for name, said in equal.items() if said is not None]
    if asked.by_nobody:
        found.append(AuditEntry.actor_id.is_(None))
    if asked.since:
        found.append(AuditEntry.at >= asked.since)
    return [*found, AuditEntry.at < asked.until] if asked.until else found


def _actor() -> ColumnElement[bool]:
    return and_(AccountUser.account_id == AuditEntry.account_id, AccountUser.user_id == AuditEntry.actor_id)


def _named(session: Session, account_id: int, model: Any, ids: Collection[int]) -> Mapping[int, str]:
    wanted = select(model.id, model.name).where(model.account_id == account_id, model.id == func.any(list(ids)))
    return {row.id: row.name for row in session.execute(wanted)}


def _gone(session: Session, account_id: int, missing: Iterable[tuple[str, int]]) -> Mapping[str, Mapping[int, str]]:
    wanted = as_json({"subject": subject, "id": one} for subject, one in missing)
    found: dict[str, dict[int, str]] = {}
    for row in session.execute(GONE, {"account_id": account_id, "wanted": wanted}):
        found.setdefault(row.subject, {})[row.subject_id] = row.name
    return found


def _view(row: Any) -> AuditView:
    return AuditView(
        id=row.id,
        actor=None if row.actor_id is None else Actor(id=row.actor_id, name=row.actor_name),
        action=row.action,
        subject=row.subject,
        subject_id=row.subject_id,
        before=row.before,
        after=row.after,
        at=row.at,
    )
