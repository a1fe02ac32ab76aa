"""API tokens: made, shown once, revoked; and whose one is."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.services.accounts.account_forms import NewToken
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import Cause, Change
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import Desk
from dashboard.store.accounts import id_checks
from dashboard.store.accounts import tokens as store
from dashboard.store.accounts.sessions import Viewer
from dashboard.store.accounts.tokens import Caller, TokenRow
from dashboard.store.agents import agents
from dashboard.store.core.paging import Listed, Page

__all__ = [
    "Caller",
    "Fresh",
    "TokenRow",
    "caller_of",
    "create",
    "create_for_address",
    "issue",
    "revoke",
    "revoke_all_of",
    "revoke_all_own",
    "revoke_own",
    "show_all",
]

ENTROPY_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """A new token with its text, which is shown this once."""

    row: TokenRow
    text: str


def caller_of(desk: Desk, token: str, *, now: datetime) -> Caller | None:
    """Return whose token it is, and note its use at most once a minute."""
    caller = store.caller(desk.session, token, now)
    if caller and (caller.token_used_at is None or caller.token_used_at < now - NOTED_EVERY):
        store.note_use(desk.session, caller.token_id, now)
        desk.session.commit()
    return caller


def show_all(desk: Desk, account_id: int, page: Page) -> Listed[TokenRow]:
    """Return the account's tokens without their text."""
    return store.page(desk.session, account_id, page)


def create(desk: Desk, account_id: int, new: NewToken, *, actor_id: int, now: datetime) -> Fresh | Invalid:
    """Make a token for an active agent of the account, for the one who asks if nobody is named."""
    user_id = new.user_id or actor_id
    if user_id not in id_checks.known(desk.session, account_id, agent_ids=[user_id]).agent_ids:
        return invalid("user_id", "There is no such active agent in this account.")
    if new.expires_at and new.expires_at <= now:
        return invalid("expires_at", "This instant has passed.")
    fresh = issue(desk, account_id, user_id, name=new.name, expires_at=new.expires_at, now=now)
    audit_log.write(desk, account_id, _change(after=fresh.row), Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    return fresh


def create_for_address(desk: Desk, account_id: int, email: str, *, now: datetime) -> Fresh | None:
    """Make a token for the account's active agent with this address, None if there is none."""
    user_id = agents.id_of(desk.session, account_id, email.strip().lower())
    # Asked again with the agent held: whoever deactivates them must see the token, or there must be none.
    if user_id is None or not id_checks.known(desk.session, account_id, agent_ids=[user_id]).agent_ids:
        return None
    fresh = issue(desk, account_id, user_id, now=now)
    audit_log.write(desk, account_id, _change(after=fresh.row), Cause(actor_id=None, now=now))
    desk.session.commit()
    return fresh


def revoke(desk: Desk, account_id: int, token_id: int, *, actor_id: int, now: datetime) -> bool:
    """Let a token open nothing any more; false if there is none."""
    # Agents are held before tokens, as a deactivation does.
    id_checks.known(desk.session, account_id, agent_ids=[actor_id])
    row = store.find(desk.session, account_id, token_id)
    if row is None or not store.revoke(desk.session, account_id, token_id, now):
        desk.session.rollback()
        return False
    audit_log.write(desk, account_id, _change(before=row), Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    return True


def revoke_own(desk: Desk, viewer: Viewer, token_id: int, *, now: datetime) -> bool:
    """Let a token of the viewer's own open nothing any more; false if there is none."""
    row = store.find(desk.session, viewer.account_id, token_id)
    if row is None or row.user_id != viewer.user_id:
        return False
    return revoke(desk, viewer.account_id, token_id, actor_id=viewer.user_id, now=now)


def revoke_all_own(desk: Desk, viewer: Viewer, *, now: datetime) -> None:
    """Let no token of the viewer open anything any more."""
    revoke_all_of(desk, viewer.account_id, viewer.user_id, Cause(actor_id=viewer.user_id, now=now))
    desk.session.commit()


def revoke_all_of(desk: Desk, account_id: int, user_id: int, cause: Cause) -> None:
    """Let no token of an agent open anything any more, in this transaction."""
    revoked = store.revoke_all_of(desk.session, account_id, user_id, cause.now)
    audit_log.write(desk, account_id, [_change(before=row) for row in revoked], cause)


def issue(
    desk: Desk, account_id: int, user_id: int, *, now: datetime, name: str = "", expires_at: datetime | None = None
) -> Fresh:
    """Write a new token in this transaction; of its text only a hash is kept."""
    text = f"eh_{secrets.token_urlsafe(ENTROPY_BYTES)}"
    new = store.TokenDraft(
        account_id=account_id,
        user_id=user_id,
        name=name,
        token_hash=store.hashed(text),
        created_at=now,
        expires_at=expires_at,
    )
    return Fresh(row=store.add(desk.session, new), text=text)


def _change(*, before: TokenRow | None = None, after: TokenRow | None = None) -> Change:
    row = before or after
    assert row is not None
    return Change(subject="token", subject_id=row.id, before=before, after=after)
