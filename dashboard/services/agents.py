"""Agents of an account: made, shown with their presence and load, changed, deactivated."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from dashboard.engine.model import Presence, Role
from dashboard.services import auditing, passwords, removal
from dashboard.services.auditing import Cause, Change
from dashboard.services.desk import Desk
from dashboard.services.forms.accounts import AgentEdit
from dashboard.services.forms.base import given
from dashboard.services.refusals import Conflict, Invalid, invalid
from dashboard.store import accounts, availability, releases
from dashboard.store import agents as store
from dashboard.store.agents import AgentRow
from dashboard.store.bulk import record
from dashboard.store.errors import StoreUnavailable
from dashboard.store.paging import Listed, Page
from dashboard.store.presence import presence_of

log = structlog.get_logger()
HAS_LOG_IN = "This address has a log-in of its own already; leave the password out."
IS_AGENT = "{name} has this address already, as agent {id}."
IS_DEACTIVATED = "{name} has this address as agent {id}, who is deactivated: reactivate them."
TAKEN = "Somebody logs in with this address."
ELSEWHERE = "This agent's log-in belongs to another account; only they can change it."
LAST = "An account needs an active administrator, and this is the last one."


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent with what they are at this moment (E37)."""

    id: int
    name: str
    email: str
    role: Role
    availability: Presence
    presence: Presence
    auto_offline: bool
    active: bool
    agent_capacity_policy_id: int | None
    open_conversations: int


def show_all(desk: Desk, account_id: int, page: Page, *, now: datetime) -> Listed[AgentView]:
    """Return the agents, deactivated ones as well."""
    found = store.page(desk.session, account_id, page)
    return Listed(data=tuple(views(desk, account_id, found.data, now)), meta=found.meta)


def show(desk: Desk, account_id: int, agent_id: int, *, now: datetime) -> AgentView | None:
    """Return the agent."""
    row = store.find(desk.session, account_id, agent_id)
    return views(desk, account_id, [row], now)[0] if row else None


def views(desk: Desk, account_id: int, rows: Sequence[AgentRow], now: datetime) -> list[AgentView]:
    """Return the agents with their presence, by one look into Redis; unreadable, nobody was heard of."""
    try:
        heard = desk.heartbeats.present(account_id, [row.id for row in rows], now)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, error=str(error))
        heard = frozenset()
    return [_view(row, heard=row.id in heard) for row in rows]


def of_address(desk: Desk, account_id: int, email: str) -> AgentRow | None:
    """Return the account's agent with this address, active or not; nothing is said of other accounts."""
    return store.find_by_address(desk.session, account_id, email)


def create(desk: Desk, account_id: int, edit: AgentEdit, *, actor_id: int | None, now: datetime) -> AgentView | Invalid:
    """Make an agent; an address that logs in to another account keeps its password."""
    values = given(edit)
    if known := of_address(desk, account_id, values["email"]):
        desk.session.rollback()
        return _known_already(known)
    email, password = values.pop("email"), values.pop("password", None)
    log_in = accounts.log_in_of(desk.session, email, passwords.hashed(password) if password else None)
    if password and not log_in.is_new:
        desk.session.rollback()
        return invalid("password", HAS_LOG_IN)
    if not accounts.join(desk.session, account_id, log_in.user_id, **values):
        desk.session.rollback()
        return _known_already(_found(desk, account_id, log_in.user_id))
    row = _found(desk, account_id, log_in.user_id)
    change = Change(subject="agent", subject_id=row.id, after=_facts(row))
    auditing.write(desk, account_id, change, Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return _view(row, heard=False)


def change(
    desk: Desk, account_id: int, agent_id: int, edit: AgentEdit, *, actor_id: int | None, now: datetime
) -> AgentView | Invalid | Conflict | None:
    """Change an agent; deactivating one releases what they hold open (E31)."""
    before = _held(desk, account_id, agent_id, edit)
    refusal = _refusal(desk, account_id, before, edit) if before else None
    if before is None or refusal:
        desk.session.rollback()
        return refusal
    _write(desk, account_id, before.id, edit)
    woken = _consequences(desk, account_id, before, edit, actor_id=actor_id, now=now)
    after = _found(desk, account_id, agent_id)
    said = _Audited(before=before, after=after, password_set=isinstance(edit.password, str))
    if said.differs:
        auditing.write(desk, account_id, said.change, Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    if not after.active:
        removal.forget(desk, account_id, agent_id)
    desk.signals.wake(account_id, woken)
    return views(desk, account_id, [after], now)[0]


def deactivate(
    desk: Desk, account_id: int, agent_id: int, *, actor_id: int | None, now: datetime
) -> AgentView | Conflict | None:
    """Deactivate an agent: they keep their place in the ledger and lose their work."""
    done = change(desk, account_id, agent_id, AgentEdit(active=False), actor_id=actor_id, now=now)
    assert not isinstance(done, Invalid)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class _Audited:
    """A change of an agent as the audit log tells it: a password is never in it, only that there is a new one."""

    before: AgentRow
    after: AgentRow
    password_set: bool

    @property
    def differs(self) -> bool:
        return self.password_set or _facts(self.before) != _facts(self.after)

    @property
    def change(self) -> Change:
        after = _facts(self.after) | ({"password": "set"} if self.password_set else {})
        return Change(subject="agent", subject_id=self.after.id, before=_facts(self.before), after=after)


def _held(desk: Desk, account_id: int, agent_id: int, edit: AgentEdit) -> AgentRow | None:
    """Return the agent, locked, after what must be locked before them."""
    if edit.active is False:
        releases.keep_batches_out(desk.session, account_id, agent_id)
    if {"role", "active"} & given(edit).keys():
        accounts.lock(desk.session, account_id)
    return store.lock(desk.session, account_id, agent_id)


def _refusal(desk: Desk, account_id: int, before: AgentRow, edit: AgentEdit) -> Invalid | Conflict | None:
    for field in {"email", "password"} & given(edit).keys():
        if store.is_elsewhere(desk.session, account_id, before.id):
            return invalid(field, ELSEWHERE)
    if isinstance(edit.email, str) and store.address_is_taken(desk.session, edit.email, but=before.id):
        return invalid("email", TAKEN)
    return _refused_as_last(desk, account_id, before, edit)


def _refused_as_last(desk: Desk, account_id: int, before: AgentRow, edit: AgentEdit) -> Conflict | None:
    """Refuse to leave an account without anybody who could undo it."""
    was = before.active and before.role is Role.ADMINISTRATOR
    said: dict[str, Any] = given(edit)
    stays = said.get("active", before.active) and said.get("role", before.role) is Role.ADMINISTRATOR
    if not was or stays or store.other_administrator(desk.session, account_id, but=before.id):
        return None
    return Conflict(sentence=LAST)


def _write(desk: Desk, account_id: int, agent_id: int, edit: AgentEdit) -> None:
    values = given(edit)
    log_in = {"email": values.pop("email")} if "email" in values else {}
    if "password" in values:
        log_in["password_hash"] = passwords.hashed(values.pop("password"))
    store.change_log_in(desk.session, agent_id, log_in)
    store.change(desk.session, account_id, agent_id, values)


def _consequences(
    desk: Desk, account_id: int, before: AgentRow, edit: AgentEdit, *, actor_id: int | None, now: datetime
) -> Collection[int]:
    """Release what a deactivated agent holds; return the inboxes where runs are called for (E30)."""
    if before.active and edit.active is False:
        store.end_sessions(desk.session, before.id)
        return removal.release_all(desk, account_id, before.id, actor_id=actor_id, now=now)
    if not before.active and edit.active is True:
        return availability.inboxes_of(desk.session, account_id, [before.id])
    return ()


def _facts(row: AgentRow) -> dict[str, object]:
    """Return what somebody decided of the agent; how much they hold is no decision."""
    return {name: value for name, value in record(row).items() if name != "open_conversations"}


def _found(desk: Desk, account_id: int, agent_id: int) -> AgentRow:
    row = store.find(desk.session, account_id, agent_id)
    assert row is not None
    return row


def _known_already(row: AgentRow) -> Invalid:
    sentence = IS_AGENT if row.active else IS_DEACTIVATED
    return invalid("email", sentence.format(name=row.name, id=row.id))


def _view(row: AgentRow, *, heard: bool) -> AgentView:
    presence = presence_of(availability=row.availability, auto_offline=row.auto_offline, heard=heard, active=row.active)
    return AgentView(presence=presence, **{name: getattr(row, name) for name in AgentRow.__slots__})
