"""API tokens: creation, authentication and revocation."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.services.accounts import rights
from dashboard.services.accounts.account_forms import NewToken
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import id_checks
from dashboard.store.accounts import tokens as store
from dashboard.store.accounts.sessions import Viewer
from dashboard.store.accounts.tokens import Caller, TokenRow
from dashboard.store.agents import agents
from dashboard.store.core.paging import Listed, Page

__all__ = [
    "Caller",
    "IssuedToken",
    "TokenRow",
    "authenticate",
    "create",
    "create_for_address",
    "issue",
    "note_use",
    "revoke",
    "revoke_all_of",
    "revoke_all_own",
    "revoke_own",
    "show_all",
]

ENTROPY_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new token with its text, shown only once."""

    row: TokenRow
    text: str


def authenticate(work: UnitOfWork, token: str, *, now: datetime) -> Caller | None:
    """Return whose token it is."""
    return store.caller(work.session, token, now)


def note_use(work: UnitOfWork, caller: Caller, *, now: datetime) -> bool:
    """Note the use of a token, at most once a minute; true if it is noted now."""
    is_due = caller.token_used_at is None or caller.token_used_at < now - NOTED_EVERY
    if is_due:
        store.note_use(work.session, caller.token_id, now)
    return is_due


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[TokenRow]:
    """Return the account's tokens without their text."""
    return store.page(work.session, account_id, page)


def create(
    work: UnitOfWork, account_id: int, new: NewToken, *, actor_id: int, now: datetime
) -> IssuedToken | Invalid | Conflict:
    """Create a token for an active agent of the account, by default for the requester."""
    if lost := rights.refusal(work, account_id, actor_id):
        return lost
    user_id = new.user_id or actor_id
    if user_id not in id_checks.existing_ids(work.session, account_id, agent_ids=[user_id]).agent_ids:
        return invalid("user_id", "There is no such active agent in this account.")
    if new.expires_at and new.expires_at <= now:
        return invalid("expires_at", "This instant has passed.")
    fresh = issue(work, account_id, user_id, name=new.name, expires_at=new.expires_at, now=now)
    audit_log.write(work, account_id, _change(after=fresh.row), ActorContext(actor_id=actor_id, now=now))
    return fresh


def create_for_address(work: UnitOfWork, account_id: int, email: str, *, now: datetime) -> IssuedToken | None:
    """Create a token for the account's active agent with this address, None without such an agent."""
    user_id = agents.id_of(work.session, account_id, email.strip().lower())
    # Asked again with the agent held: whoever deactivates them must see the token, or there must be none.
    if user_id is None or not id_checks.existing_ids(work.session, account_id, agent_ids=[user_id]).agent_ids:
        return None
    fresh = issue(work, account_id, user_id, now=now)
    audit_log.write(work, account_id, _change(after=fresh.row), ActorContext(actor_id=None, now=now))
    return fresh


def revoke(work: UnitOfWork, account_id: int, token_id: int, *, actor_id: int, now: datetime) -> bool:
    """Revoke a token; False without such a token."""
    # Agents are held before tokens, as a deactivation does.
    id_checks.existing_ids(work.session, account_id, agent_ids=[actor_id])
    row = store.find(work.session, account_id, token_id)
    if row is None or not store.revoke(work.session, account_id, token_id, now):
        return False
    audit_log.write(work, account_id, _change(before=row), ActorContext(actor_id=actor_id, now=now))
    return True


def revoke_own(work: UnitOfWork, viewer: Viewer, token_id: int, *, now: datetime) -> bool:
    """Revoke one of the viewer's own tokens; False without such a token."""
    row = store.find(work.session, viewer.account_id, token_id)
    if row is None or row.user_id != viewer.user_id:
        return False
    return revoke(work, viewer.account_id, token_id, actor_id=viewer.user_id, now=now)


def revoke_all_own(work: UnitOfWork, viewer: Viewer, *, now: datetime) -> None:
    """Let no token of the viewer open anything any more."""
    revoke_all_of(work, viewer.account_id, viewer.user_id, ActorContext(actor_id=viewer.user_id, now=now))


def revoke_all_of(work: UnitOfWork, account_id: int, user_id: int, cause: ActorContext) -> None:
    """Revoke all tokens of an agent, in this transaction."""
    revoked = store.revoke_all_of(work.session, account_id, user_id, cause.now)
    audit_log.write(work, account_id, [_change(before=row) for row in revoked], cause)


def issue(
    work: UnitOfWork,
    account_id: int,
    user_id: int,
    *,
    now: datetime,
    name: str = "",
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Write a new token in this transaction; the database stores only a hash of its text."""
    text = f"eh_{secrets.token_urlsafe(ENTROPY_BYTES)}"
    new = store.TokenDraft(
        account_id=account_id,
        user_id=user_id,
        name=name,
        token_hash=store.hashed(text),
        created_at=now,
        expires_at=expires_at,
    )
    return IssuedToken(row=store.add(work.session, new), text=text)


def _change(*, before: TokenRow | None = None, after: TokenRow | None = None) -> AuditedChange:
    row = before or after
    assert row is not None
    return AuditedChange(subject="token", subject_id=row.id, before=before, after=after)
