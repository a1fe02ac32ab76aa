"""Invitations: an account makes a link, and the person who opens it decides by which log-in they come in."""

import secrets
from datetime import datetime, timedelta

from dashboard.services.accounts import passwords
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Conflict
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import invitations as store
from dashboard.store.accounts import log_ins, sessions
from dashboard.store.accounts.invitations import InvitationDraft, Invited
from dashboard.store.accounts.sessions import Viewer
from dashboard.store.accounts.tokens import hashed
from dashboard.store.agents import agents

__all__ = ["Invited", "accept", "accept_anew", "find", "invite", "invite_address", "refusal", "withdraw"]

LASTS_FOR = timedelta(days=1)
ENTROPY_BYTES = 32
DEACTIVATED = "This agent is deactivated. Reactivate them first."
SOMEBODY_ELSE = "This invitation is for another address than yours."
NOT_CHOSEN = "An administrator may know your password."


def invite(
    work: UnitOfWork, account_id: int, agent_id: int, *, actor_id: int | None, now: datetime
) -> str | Conflict | None:
    """Make a link for the agent and return its secret, which is kept nowhere; an earlier link ends."""
    agent = agents.lock(work.session, account_id, agent_id)
    if agent is None or not agent.active:
        return Conflict(sentence=DEACTIVATED) if agent else None
    token = secrets.token_urlsafe(ENTROPY_BYTES)
    draft = InvitationDraft(
        account_id=account_id,
        user_id=agent_id,
        token_hash=hashed(token),
        created_at=now,
        expires_at=now + LASTS_FOR,
    )
    store.put(work.session, draft)
    audit_log.write(work, account_id, _change(agent_id, "sent"), ActorContext(actor_id=actor_id, now=now))
    return token


def invite_address(work: UnitOfWork, account_id: int, email: str, *, now: datetime) -> str | None:
    """Make a link for the account's active agent with this address, None if there is none."""
    agent_id = agents.id_of(work.session, account_id, email.strip().lower())
    made = invite(work, account_id, agent_id, actor_id=None, now=now) if agent_id else None
    return made if isinstance(made, str) else None


def withdraw(work: UnitOfWork, account_id: int, agent_id: int, *, actor_id: int | None, now: datetime) -> bool:
    """Take the agent's link back; false if there is none."""
    agents.lock(work.session, account_id, agent_id)
    if not store.withdraw(work.session, account_id, agent_id):
        return False
    audit_log.write(work, account_id, _change(agent_id, "withdrawn"), ActorContext(actor_id=actor_id, now=now))
    return True


def find(work: UnitOfWork, token: str, *, now: datetime) -> Invited | None:
    """Return the invitation of a link; to look at it uses nothing up."""
    return store.find(work.session, hashed(token), now)


def accept_anew(work: UnitOfWork, token: str, password: str, *, now: datetime) -> Viewer | None:
    """Come in by a link and a new password; None if the link is worth nothing by now.

    The log-in is a new one, for this membership alone: whoever holds the link touches no password of anybody else's.
    """
    invited = _used_up(work, token, now)
    if invited is None:
        return None
    # Unless it is the one that the account made and nobody has logged in with: that opens this membership alone.
    own = log_ins.lock(work.session, invited.account_id, invited.user_id)
    [log_in_id] = [own.id] if own and own.used_at is None else log_ins.add(work.session)
    log_ins.choose_password(work.session, log_in_id, passwords.of_address(work, invited.email, password), now)
    return _let_in(work, invited, log_in_id, now)


def accept(work: UnitOfWork, token: str, viewer: Viewer, *, now: datetime) -> Viewer | Conflict | None:
    """Come in by a link with the log-in that one has; None if the link is worth nothing by now."""
    invited = find(work, token, now=now)
    if invited and (refused := refusal(work, invited, viewer)):
        return Conflict(sentence=refused)
    used_up = _used_up(work, token, now)
    return _let_in(work, used_up, viewer.log_in_id, now) if used_up else None


def refusal(work: UnitOfWork, invited: Invited, viewer: Viewer) -> str | None:
    """Return why this viewer cannot accept the invitation, None if they can."""
    if invited.email != viewer.email:
        return SOMEBODY_ELSE
    return None if log_ins.is_own_choice(work.session, viewer.log_in_id) else NOT_CHOSEN


def _used_up(work: UnitOfWork, token: str, now: datetime) -> Invited | None:
    """Use the link up and return its invitation; of several at once, one gets it."""
    invited = find(work, token, now=now)
    agent = invited and agents.lock(work.session, invited.account_id, invited.user_id)
    if invited is None or not (agent and agent.active) or not store.use(work.session, hashed(token), now):
        return None
    return invited


def _let_in(work: UnitOfWork, invited: Invited, log_in_id: int, now: datetime) -> Viewer | None:
    log_ins.open_with(work.session, invited.account_id, invited.user_id, log_in_id)
    said = _change(invited.user_id, "accepted")
    audit_log.write(work, invited.account_id, said, ActorContext(actor_id=invited.user_id, now=now))
    work.notes.changed(invited.account_id)
    return sessions.viewer(work.session, invited.account_id, invited.user_id)


def _change(agent_id: int, became: str) -> AuditedChange:
    return AuditedChange(subject="agent", subject_id=agent_id, before={}, after={"invitation": became})
