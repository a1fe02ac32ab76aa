"""Members of inboxes and teams; each change may make a conversation assignable, so it starts runs (E11, E30)."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dashboard.services.core import audit_log, helpdesk_refusals
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes.inbox_forms import MemberEdit, MemberIds
from dashboard.store.accounts import id_checks
from dashboard.store.inboxes import members as store
from dashboard.store.inboxes.members import MemberSwitch, Owner, OwnerKind

__all__ = ["MemberChange", "MemberList", "Members", "Owner", "OwnerKind", "change", "show", "switch"]


class MemberChange(StrEnum):
    """The meaning of a list of agents: it replaces the members, adds to them, or removes from them."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


WRITES = {MemberChange.REPLACE: store.replace, MemberChange.ADD: store.add, MemberChange.REMOVE: store.remove}


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The active members, by id."""

    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberList:
    """The active members by id, and with their switches."""

    user_ids: tuple[int, ...]
    members: tuple[MemberSwitch, ...]


def show(work: UnitOfWork, account_id: int, place: Owner) -> MemberList | None:
    """Return the members, None if the account has no such inbox or team."""
    found = store.rows(work.session, account_id, place)
    return None if found is None else MemberList(user_ids=tuple(one.user_id for one in found), members=tuple(found))


def switch(
    work: UnitOfWork,
    account_id: int,
    place: Owner,
    edit: MemberEdit,
    *,
    user_id: int,
    actor_id: int | None,
    now: datetime,
) -> MemberSwitch | None:
    """Let runs assign conversations to a member, or pass over the member (E57); None without such a member."""
    if not store.lock(work.session, account_id, place):
        return None
    members = store.rows(work.session, account_id, place) or ()
    before = next((one for one in members if one.user_id == user_id), None)
    if before is None or edit.auto_assign == before.auto_assign:
        return before
    after = replace(before, auto_assign=edit.auto_assign)
    store.switch(work.session, place, user_id, auto_assign=after.auto_assign)
    facts = [{"agent_id": user_id, "auto_assign": one.auto_assign} for one in (before, after)]
    changed = AuditedChange(subject=f"{place.group}_members", subject_id=place.id, before=facts[0], after=facts[1])
    audit_log.write(work, account_id, changed, ActorContext(actor_id=actor_id, now=now))
    is_team = place.group is OwnerKind.TEAM
    work.notes.touched(account_id, team_ids=[place.id] if is_team else (), inbox_ids=() if is_team else [place.id])
    return after


def change(
    work: UnitOfWork,
    account_id: int,
    place: Owner,
    wanted: MemberIds,
    *,
    way: MemberChange,
    actor_id: int | None,
    now: datetime,
) -> Members | Invalid | Conflict | None:
    """Replace the members by these agents, add the agents, or remove them.

    A former member keeps each conversation until its next change (E31).
    """
    if not store.lock(work.session, account_id, place):
        return None
    refuses = helpdesk_refusals.of_team if place.group is OwnerKind.TEAM else helpdesk_refusals.of_inbox
    if theirs := refuses(work, account_id, place.id, "the members"):
        return theirs
    if refusal := _refusal(work, account_id, wanted.user_ids, way):
        return refusal
    before = Members(user_ids=_ids(work, account_id, place))
    WRITES[way](work.session, account_id, place, wanted.user_ids)
    after = Members(user_ids=_ids(work, account_id, place))
    if after == before:
        return after
    changed = AuditedChange(subject=f"{place.group}_members", subject_id=place.id, before=before, after=after)
    audit_log.write(work, account_id, changed, ActorContext(actor_id=actor_id, now=now))
    is_team = place.group is OwnerKind.TEAM
    work.notes.touched(account_id, team_ids=[place.id] if is_team else (), inbox_ids=() if is_team else [place.id])
    return after


def _refusal(work: UnitOfWork, account_id: int, user_ids: Collection[int], way: MemberChange) -> Invalid | None:
    """Refuse unknown agents; deactivated agents can only be removed."""
    leaving = way is MemberChange.REMOVE
    ours = store.of_account(work.session, account_id, user_ids) if leaving else _active(work, account_id, user_ids)
    strangers = ", ".join(map(str, sorted(set(user_ids) - ours)))
    kind = "agents" if leaving else "active agents"
    return invalid("user_ids", f"No {kind} of the account: {strangers}.") if strangers else None


def _active(work: UnitOfWork, account_id: int, user_ids: Collection[int]) -> frozenset[int]:
    return id_checks.existing_ids(work.session, account_id, agent_ids=user_ids).agent_ids


def _ids(work: UnitOfWork, account_id: int, place: Owner) -> tuple[int, ...]:
    return tuple(store.ids(work.session, account_id, place) or ())
