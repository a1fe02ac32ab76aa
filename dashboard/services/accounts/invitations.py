"""Invitations: an account creates a link, and the invited person chooses the log-in that accepts it."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dashboard.services.accounts import passwords, rights
from dashboard.services.accounts.account_forms import NewPassword
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import invitations as store
from dashboard.store.accounts import log_ins, sessions
from dashboard.store.accounts.invitations import InvitationDraft, Invited
from dashboard.store.accounts.sessions import Viewer
from dashboard.store.accounts.tokens import hashed
from dashboard.store.agents import agents

__all__ = ["Invited", "accept", "accept_anew", "find", "invite", "invite_address", "refusal", "secret_of", "withdraw"]

LASTS_FOR = timedelta(days=1)
DEACTIVATED = "This agent is deactivated. Reactivate them first."
SOMEBODY_ELSE = "This invitation is for another address than yours."
THE_SAME = "This is your current password. Somebody else may know it: choose another."


def invite(
    work: UnitOfWork, account_id: int, agent_id: int, *, actor_id: int | None, now: datetime
) -> str | Conflict | None:
    """Create a link for the agent and return its secret; the database stores only a hash, and an earlier link ends."""
    if lost := rights.refusal(work, account_id, actor_id):
        return lost
    agent = agents.lock(work.session, account_id, agent_id)
    if agent is None or not agent.active:
        return Conflict(sentence=DEACTIVATED) if agent else None
    token = secret_of(work, account_id, agent_id, now)
    draft = InvitationDraft(
        account_id=account_id,
        user_id=agent_id,
        token_hash=hashed(token),
        created_at=now,
        expires_at=now + LASTS_FOR,
    )
    store.put(work.session, draft)
    audit_log.write(work, account_id, _change(agent_id, "sent"), ActorContext(actor_id=actor_id, now=now))
    if work.settings.mail_server and actor_id is not None:
        work.notes.then(lambda: work.signals.mail_invitation(account_id, agent_id))
    return token


def secret_of(work: UnitOfWork, account_id: int, agent_id: int, created_at: datetime) -> str:
    """Return an invitation's secret, which follows from SECRET_KEY, so that the job that mails it can make it again."""
    said = f"invitation {account_id} {agent_id} {created_at.astimezone(UTC).isoformat()}"
    digest = hmac.digest(work.settings.secret_key.encode(), said.encode(), "sha256")
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def invite_address(work: UnitOfWork, account_id: int, email: str, *, now: datetime) -> str | None:
    """Create a link for the account's active agent with this address, None without such an agent."""
    agent_id = agents.id_of(work.session, account_id, email.strip().lower())
    made = invite(work, account_id, agent_id, actor_id=None, now=now) if agent_id else None
    return made if isinstance(made, str) else None


def withdraw(work: UnitOfWork, account_id: int, agent_id: int, *, actor_id: int | None, now: datetime) -> bool:
    """Withdraw the agent's link; False without a link."""
    agents.lock(work.session, account_id, agent_id)
    if not store.withdraw(work.session, account_id, agent_id):
        return False
    audit_log.write(work, account_id, _change(agent_id, "withdrawn"), ActorContext(actor_id=actor_id, now=now))
    return True


def find(work: UnitOfWork, token: str, *, now: datetime) -> Invited | None:
    """Return the invitation of a link without using it."""
    return store.find(work.session, hashed(token), now)


def accept_anew(work: UnitOfWork, token: str, password: str, *, now: datetime) -> Sequence[Viewer] | None:
    """Accept a link with a new password, and return the memberships of the log-in; None if the link has ended.

    The log-in is new and for this membership alone, so the link changes no password of another person.
    """
    invited = _used_up(work, token, now)
    if invited is None:
        return None
    # Unless it is the one that the account made and nobody has logged in with: that opens this membership alone.
    own = log_ins.lock(work.session, invited.account_id, invited.user_id)
    [log_in_id] = [own.id] if own and own.used_at is None else log_ins.add(work.session)
    log_ins.choose_password(work.session, log_in_id, passwords.of_address(work, invited.email, password), now)
    return _let_in(work, invited, log_in_id, now)


def accept(
    work: UnitOfWork, token: str, viewer: Viewer, wanted: NewPassword, *, now: datetime
) -> Sequence[Viewer] | Conflict | Invalid | None:
    """Accept a link with an existing log-in, and return its memberships, the new one first; None as in accept_anew.

    A new password is required: it ends all other sessions, and excludes other persons with the old password.
    """
    invited = find(work, token, now=now)
    if invited and (refused := refusal(invited, viewer)):
        return Conflict(sentence=refused)
    if wanted.password == wanted.current:
        return invalid("password", THE_SAME)
    used_up = _used_up(work, token, now)
    if used_up is None:
        return None
    log_in_id = passwords.replace(work, viewer, wanted, now=now)
    if isinstance(log_in_id, Invalid):
        return log_in_id
    return _let_in(work, used_up, log_in_id, now)


def refusal(invited: Invited, viewer: Viewer) -> str | None:
    """Return why this viewer cannot accept the invitation, otherwise None."""
    return None if invited.email == viewer.email else SOMEBODY_ELSE


def _used_up(work: UnitOfWork, token: str, now: datetime) -> Invited | None:
    """Use the link and return its invitation; only one of several simultaneous requests succeeds."""
    invited = find(work, token, now=now)
    agent = invited and agents.lock(work.session, invited.account_id, invited.user_id)
    if invited is None or not (agent and agent.active) or not store.use(work.session, hashed(token), now):
        return None
    return invited


def _let_in(work: UnitOfWork, invited: Invited, log_in_id: int, now: datetime) -> Sequence[Viewer]:
    log_ins.open_with(work.session, invited.account_id, invited.user_id, log_in_id)
    said = _change(invited.user_id, "accepted")
    audit_log.write(work, invited.account_id, said, ActorContext(actor_id=invited.user_id, now=now))
    opened = sessions.opened_by(work.session, log_in_id)
    work.notes.changed(invited.account_id)
    return sorted(opened, key=lambda one: one.account_id != invited.account_id)


def _change(agent_id: int, became: str) -> AuditedChange:
    return AuditedChange(subject="agent", subject_id=agent_id, before={}, after={"invitation": became})
