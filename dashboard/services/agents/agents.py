"""Agents of an account: creation, views with presence and load, changes, deactivation."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from dashboard.engine.model import Presence, Role
from dashboard.services.accounts import passwords, rights, tokens
from dashboard.services.accounts.account_forms import AgentEdit
from dashboard.services.agents import deactivation, presence_records
from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import UNSET, sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import invitations, log_ins
from dashboard.store.accounts.log_ins import LogIn
from dashboard.store.agents import agents as store
from dashboard.store.agents import availability, release_all
from dashboard.store.agents.agents import DECIDED, AgentRow
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.paging import Listed, Page
from dashboard.store.redis.heartbeats import presence_of

log = structlog.get_logger()
IS_AGENT = "{name} has this address already, as agent {id}."
IS_DEACTIVATED = "{name} has this address as agent {id}, who is deactivated: reactivate them."
THEIRS = "This agent has logged in: the log-in is theirs. Invite them to choose a new password."
LAST = "An account needs an active administrator, and this is the last one."


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent with the current presence (E37)."""

    id: int
    name: str
    email: str
    role: Role
    availability: Presence
    availability_until: datetime | None
    presence: Presence
    auto_offline: bool
    active: bool
    agent_capacity_policy_id: int | None
    skills: tuple[str, ...]
    open_conversations: int
    log_in: LogIn


def show_all(work: UnitOfWork, account_id: int, page: Page, *, now: datetime) -> Listed[AgentView]:
    """Return a page of the agents, including deactivated ones."""
    found = store.page(work.session, account_id, page)
    return Listed(data=tuple(views(work, account_id, found.data, now)), meta=found.meta)


def show(work: UnitOfWork, account_id: int, agent_id: int, *, now: datetime) -> AgentView | None:
    """Return the agent."""
    row = store.find(work.session, account_id, agent_id)
    return views(work, account_id, [row], now)[0] if row else None


def views(work: UnitOfWork, account_id: int, rows: Sequence[AgentRow], now: datetime) -> list[AgentView]:
    """Return the agents with their presence, by one query to Redis; if that fails, no agent has a heartbeat."""
    try:
        heard = work.heartbeats.present(account_id, [row.id for row in rows], now)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, error=str(error))
        heard = frozenset()
    return [_view(row, heard=row.id in heard, now=now) for row in rows]


def of_address(work: UnitOfWork, account_id: int, email: str) -> AgentRow | None:
    """Return the account's agent with this address, active or not; agents of other accounts are not searched."""
    return store.find_by_address(work.session, account_id, email)


def create(
    work: UnitOfWork, account_id: int, edit: AgentEdit, *, actor_id: int | None, now: datetime
) -> AgentView | Invalid | Conflict:
    """Create an agent with a log-in for this account alone, independent of the same address in other accounts."""
    if lost := rights.refusal(work, account_id, actor_id):
        return lost
    values = sent_fields(edit)
    password = values.pop("password", None)
    agent_id = store.add(work.session, account_id, **values)
    if agent_id is None:
        return _known_already(work, account_id, values["email"])
    if password:
        log_ins.give_password(work.session, agent_id, passwords.of_address(work, values["email"], password))
    row = _found(work, account_id, agent_id)
    change = AuditedChange(subject="agent", subject_id=row.id, after=_facts(row))
    audit_log.write(work, account_id, change, ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return _view(row, heard=False, now=now)


def change(
    work: UnitOfWork,
    account_id: int,
    agent_id: int,
    edit: AgentEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AgentView | Invalid | Conflict | None:
    """Change an agent; a deactivation releases the agent's open conversations (E31)."""
    before = _held(work, account_id, agent_id, edit, actor_id=actor_id)
    if not isinstance(before, AgentRow):
        return before
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    edit = AgentEdit(**values)
    if refusal := _refusal(work, account_id, before, edit):
        return refusal
    _write(work, account_id, before, edit)
    woken = _consequences(work, account_id, before, edit, actor_id=actor_id, now=now)
    after = _found(work, account_id, agent_id)
    said = _Audited(before=before, after=after, password_set=isinstance(edit.password, str))
    if said.differs:
        audit_log.write(work, account_id, said.change, ActorContext(actor_id=actor_id, now=now))
    if not after.active:
        work.notes.then(partial(deactivation.forget, work, account_id, agent_id))
    work.notes.wakes(account_id, woken)
    return views(work, account_id, [after], now)[0]


def deactivate(
    work: UnitOfWork,
    account_id: int,
    agent_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AgentView | Conflict | Stale | None:
    """Deactivate an agent: the agent's conversations are released, and the ledger does not change earlier rows."""
    done = change(work, account_id, agent_id, AgentEdit(active=False), actor_id=actor_id, now=now, seen=seen)
    assert isinstance(done, Stale) or not isinstance(done, Invalid)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Audited:
    """A change of an agent for the audit log, which records a new password without its value."""

    before: AgentRow
    after: AgentRow
    password_set: bool

    @property
    def differs(self) -> bool:
        return self.password_set or _facts(self.before) != _facts(self.after)

    @property
    def change(self) -> AuditedChange:
        after = _facts(self.after) | ({"password": "set"} if self.password_set else {})
        return AuditedChange(subject="agent", subject_id=self.after.id, before=_facts(self.before), after=after)


def _held(
    work: UnitOfWork, account_id: int, agent_id: int, edit: AgentEdit, *, actor_id: int | None
) -> AgentRow | Conflict | None:
    """Lock and return the agent, after all locks that must precede it, unless the actor has lost their right."""
    if edit.active is False:
        release_all.lock_out_batches(work.session, account_id, agent_id)
    if lost := rights.refusal(work, account_id, actor_id):
        return lost
    found = store.lock(work.session, account_id, agent_id)
    if {"email", "password"} & sent_fields(edit).keys():
        log_ins.lock(work.session, account_id, agent_id)
        found = store.find(work.session, account_id, agent_id)
    return found


def _refusal(work: UnitOfWork, account_id: int, before: AgentRow, edit: AgentEdit) -> Invalid | Conflict | None:
    """Return the refusal of a change, or None; the log-in's facts come from the row that `_held` has locked."""
    if before.has_logged_in and edit.password is not UNSET:
        return invalid("password", THEIRS)
    if edit.email not in (UNSET, before.email):
        if before.has_logged_in:
            return invalid("email", THEIRS)
        if of_address(work, account_id, str(edit.email)):
            return _known_already(work, account_id, str(edit.email))
    return _refused_as_last(work, account_id, before, edit)


def _refused_as_last(work: UnitOfWork, account_id: int, before: AgentRow, edit: AgentEdit) -> Conflict | None:
    """Refuse to leave an account without an active administrator."""
    was = before.active and before.role is Role.ADMINISTRATOR
    said: dict[str, Any] = sent_fields(edit)
    stays = said.get("active", before.active) and said.get("role", before.role) is Role.ADMINISTRATOR
    if not was or stays or store.other_administrator(work.session, account_id, but=before.id):
        return None
    return Conflict(sentence=LAST)


def _write(work: UnitOfWork, account_id: int, before: AgentRow, edit: AgentEdit) -> None:
    values = sent_fields(edit)
    password = values.pop("password", None)
    store.change(work.session, account_id, before.id, values)
    if values.get("email", before.email) != before.email:
        invitations.withdraw(work.session, account_id, before.id)
        # The password was given to the person at the old address, and has its salt.
        log_ins.give_password(work.session, before.log_in_id, None)
    if password:
        email = str(values.get("email", before.email))
        log_ins.give_password(work.session, before.log_in_id, passwords.of_address(work, email, password))


def _consequences(
    work: UnitOfWork, account_id: int, before: AgentRow, edit: AgentEdit, *, actor_id: int | None, now: datetime
) -> Collection[int]:
    """Release a deactivated agent's conversations; return the inboxes that need a run (E30)."""
    if edit.active in (UNSET, before.active):
        is_same = edit.skills in (UNSET, before.skills)
        return () if is_same else availability.inboxes_of(work.session, account_id, [before.id])
    # After a reactivation, those that an older release left when it deactivated the agent.
    tokens.revoke_all_of(work, account_id, before.id, ActorContext(actor_id=actor_id, now=now))
    if edit.active:
        return availability.inboxes_of(work.session, account_id, [before.id])
    store.end_sessions(work.session, account_id, before.id)
    invitations.withdraw(work.session, account_id, before.id)
    presence_records.record_deactivation(work, account_id, before.id, now=now)
    return deactivation.release_all(work, account_id, before.id, actor_id=actor_id, now=now)


def _facts(row: AgentRow) -> dict[str, object]:
    """Return the agent's fields that people set, without computed ones such as the load."""
    return {name: getattr(row, name) for name in DECIDED}


def _found(work: UnitOfWork, account_id: int, agent_id: int) -> AgentRow:
    row = store.find(work.session, account_id, agent_id)
    assert row is not None
    return row


def _known_already(work: UnitOfWork, account_id: int, email: str) -> Invalid:
    row = of_address(work, account_id, email)
    assert row is not None
    sentence = IS_AGENT if row.active else IS_DEACTIVATED
    return invalid("email", sentence.format(name=row.name, id=row.id))


def _view(row: AgentRow, *, heard: bool, now: datetime) -> AgentView:
    presence = presence_of(availability=row.availability, auto_offline=row.auto_offline, heard=heard, active=row.active)
    same = {name: getattr(row, name) for name in (*DECIDED, "availability_until", "open_conversations")}
    log_in = log_ins.state(has_password=row.has_password, invited_until=row.invited_until, now=now)
    return AgentView(presence=presence, log_in=log_in, **same)
