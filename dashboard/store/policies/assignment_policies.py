"""Assignment policies with their versions and links to inboxes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert

from dashboard.engine import policy as engine
from dashboard.engine.policy import POLICY_FIELDS, PolicyRules
from dashboard.store.models import AssignmentPolicy, AssignmentPolicyVersion, Inbox, PolicyLink
from dashboard.store.postgres.account_table import AccountTable
from dashboard.store.postgres.bulk import json_row
from dashboard.store.postgres.database import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow(PolicyRules):
    """An assignment policy with its number of inboxes."""

    description: str | None
    version: int
    assigned_inbox_count: int
    created_at: datetime
    updated_at: datetime

    @property
    def rules(self) -> engine.AssignmentPolicy:
        """Return what decides, whatever the policy is called."""
        return engine.read_policy(json_row(self)).unnamed


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPolicyRow(PolicyRow):
    """An inbox's policy with the inbox's own values, and what decides there: these before the policy's (E69)."""

    overrides: Mapping[str, Any]

    @property
    def effective(self) -> Mapping[str, Any]:
        """Return the values of the fields that decide in the inbox."""
        return {**{name: getattr(self, name) for name in POLICY_FIELDS}, **self.overrides}


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedPolicy:
    """The policy of an inbox by its id, and the inbox's own values."""

    assignment_policy_id: int
    overrides: Mapping[str, Any] = field(default_factory=dict)


INBOXES = select(func.count()).where(PolicyLink.assignment_policy_id == AssignmentPolicy.id).scalar_subquery()
NO_RULE = {"id", "description", "version", "assigned_inbox_count", "created_at", "updated_at"}
shelf = AccountTable(AssignmentPolicy, PolicyRow, assigned_inbox_count=INBOXES)


def keep_version(session: Session, account_id: int, row: PolicyRow, *, actor_id: int | None, now: datetime) -> None:
    """Insert the policy's rules at this version."""
    session.execute(
        insert(AssignmentPolicyVersion).values(
            account_id=account_id,
            policy_id=row.id,
            version=row.version,
            rules={name: _plain(value) for name, value in json_row(row).items() if name not in NO_RULE},
            actor_id=actor_id,
            created_at=now,
        )
    )


def of_inbox(session: Session, account_id: int, inbox_id: int) -> InboxPolicyRow | None:
    """Return the inbox's linked policy."""
    linked = link_of(session, account_id, inbox_id)
    found = shelf.find(session, account_id, linked.assignment_policy_id) if linked else None
    return InboxPolicyRow(**json_row(found), overrides=linked.overrides) if found and linked else None  # type: ignore[arg-type]


def link_of(session: Session, account_id: int, inbox_id: int) -> LinkedPolicy | None:
    """Return the inbox's link to a policy."""
    return links(session, account_id, [inbox_id]).get(inbox_id)


def links(session: Session, account_id: int, inbox_ids: Collection[int]) -> Mapping[int, LinkedPolicy | None]:
    """Return each inbox's link, None without a policy."""
    wanted = (
        select(Inbox.id, PolicyLink.assignment_policy_id, PolicyLink.overrides)
        .outerjoin(PolicyLink, PolicyLink.inbox_id == Inbox.id)
        .where(Inbox.account_id == account_id, Inbox.id == func.any(list(inbox_ids)))
    )
    return {row.id: _link(row) for row in session.execute(wanted)}


def link(session: Session, account_id: int, inbox_id: int, wanted: LinkedPolicy) -> None:
    """Link the policy to the inbox; replaces an existing link."""
    linked = postgres_insert(PolicyLink).values(account_id=account_id, inbox_id=inbox_id, **json_row(wanted))
    session.execute(linked.on_conflict_do_update(index_elements=["inbox_id"], set_=json_row(wanted)))


def unlink(session: Session, inbox_id: int) -> None:
    """Remove the inbox's link to a policy."""
    session.execute(delete(PolicyLink).where(PolicyLink.inbox_id == inbox_id))


def inbox_ids(session: Session, policy_id: int) -> tuple[int, ...]:
    """Return the ids of the policy's inboxes."""
    linked = select(PolicyLink.inbox_id).where(PolicyLink.assignment_policy_id == policy_id)
    return tuple(session.scalars(linked.order_by(PolicyLink.inbox_id)))


def touched(row: PolicyRow, now: datetime, *, decides: bool) -> Mapping[str, Any]:
    """Return the further columns of a change: the instant, and the next version if decisions change."""
    return {"updated_at": now, **({"version": row.version + 1} if decides else {})}


def _link(row: Row[Any]) -> LinkedPolicy | None:
    if row.assignment_policy_id is None:
        return None
    return LinkedPolicy(assignment_policy_id=row.assignment_policy_id, overrides=row.overrides)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
