"""Reads the audit log for the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select

from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.models import AccountUser, AuditEntry
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """The user behind a change."""

    id: int
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """One change of the audit log."""

    id: int
    actor: Actor | None
    action: str
    subject: str
    subject_id: int | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A filter for entries; None means all."""

    subject: str | None = None
    subject_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryActor:
    """A search for a creation: its actor, its earliest time and its values."""

    subject: str
    values: Mapping[str, Any]
    actor_id: int
    since: datetime


def page(session: Session, account_id: int, wanted: Page, about: Subject) -> Listed[AuditView]:
    """Return one page of entries, newest first."""
    entries = _wanted(account_id, about)
    count = session.scalar(select(func.count()).select_from(entries.subquery())) or 0
    rows = session.execute(entries.order_by(AuditEntry.id.desc()).limit(wanted.per_page).offset(wanted.offset))
    return listed(map(_view, rows), count, wanted)


def made_since(session: Session, account_id: int, made: EntryActor) -> int | None:
    """Return the id of the newest matching creation's subject."""
    what = (AuditEntry.subject == made.subject, AuditEntry.action == "created", AuditEntry.at >= made.since)
    who = (AuditEntry.account_id == account_id, AuditEntry.actor_id == made.actor_id)
    same = AuditEntry.after.contains(dict(made.values))
    newest = select(AuditEntry.subject_id).where(*who, *what, same).order_by(AuditEntry.id.desc())
    return session.scalar(newest.limit(1))


def _wanted(account_id: int, about: Subject) -> Select[Any]:
    actor = and_(AccountUser.account_id == AuditEntry.account_id, AccountUser.user_id == AuditEntry.actor_id)
    wanted = (
        select(*AuditEntry.__table__.columns, AccountUser.name)
        .outerjoin_from(AuditEntry, AccountUser, actor)
        .where(AuditEntry.account_id == account_id)
    )
    if about.subject is not None:
        wanted = wanted.where(AuditEntry.subject == about.subject)
    return wanted if about.subject_id is None else wanted.where(AuditEntry.subject_id == about.subject_id)


def _view(row: Row[Any]) -> AuditView:
    return AuditView(
        id=row.id,
        actor=None if row.actor_id is None else Actor(id=row.actor_id, name=row.name),
        action=row.action,
        subject=row.subject,
        subject_id=row.subject_id,
        before=row.before,
        after=row.after,
        at=row.at,
    )
