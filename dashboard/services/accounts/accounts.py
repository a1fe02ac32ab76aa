"""Accounts: founded on the command line, read and changed by administrators."""

from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.engine.model import Role
from dashboard.services.accounts import passwords, tokens
from dashboard.services.accounts.account_forms import AccountEdit, NewAccount
from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import Cause, Change
from dashboard.services.core.baselines import ANYTHING, Seen
from dashboard.services.core.form import given
from dashboard.services.core.refusals import Stale
from dashboard.services.core.unit_of_work import Desk
from dashboard.store.accounts import accounts as store
from dashboard.store.accounts import log_ins
from dashboard.store.accounts.accounts import AccountRow
from dashboard.store.agents import agents
from dashboard.store.inboxes import affected_inboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A new account, its administrator, and a token of theirs that is shown this once."""

    account_id: int
    user_id: int
    token: str


def found(desk: Desk, new: NewAccount, *, now: datetime) -> Founded:
    """Make an account with an administrator, who is one of its agents and has a log-in for it alone."""
    account_id = store.add(desk.session, new.name)
    called = new.email.partition("@")[0]
    user_id = agents.add(desk.session, account_id, email=new.email, name=called, role=Role.ADMINISTRATOR)
    assert user_id is not None  # the account has nobody else
    log_ins.choose_password(desk.session, user_id, passwords.of_address(desk, new.email, new.password), now)
    token = tokens.issue(desk, account_id, user_id, now=now)
    made = Change(subject="account", subject_id=account_id, after=store.find(desk.session, account_id))
    audit_log.write(desk, account_id, made, Cause(actor_id=None, now=now))
    desk.session.commit()
    return Founded(account_id=account_id, user_id=user_id, token=token.text)


def show(desk: Desk, account_id: int) -> AccountRow | None:
    """Return the account."""
    return store.find(desk.session, account_id)


def change(
    desk: Desk, account_id: int, edit: AccountEdit, *, actor_id: int | None, now: datetime, seen: Seen = ANYTHING
) -> AccountRow | Stale | None:
    """Change the account; its switch is one of the four of every inbox (E1)."""
    before = store.lock(desk.session, account_id)
    if before is None:
        return None
    values = audited_crud.judged(desk, seen, given(edit), before)
    if isinstance(values, Stale):
        return values
    after = replace(before, **values)
    if after == before:
        return before
    store.change(desk.session, account_id, values)
    changed = Change(subject="account", subject_id=account_id, before=before, after=after)
    audit_log.write(desk, account_id, changed, Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    switched = after.assignment_v2 != before.assignment_v2
    desk.signals.wake(account_id, affected_inboxes.of_account(desk.session, account_id) if switched else ())
    return after
