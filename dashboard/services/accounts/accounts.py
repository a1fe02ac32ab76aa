"""Accounts: the command line creates them, administrators read and change them."""

from dataclasses import dataclass, replace
from datetime import datetime

from dashboard.engine.model import Role
from dashboard.services.accounts import passwords, tokens
from dashboard.services.accounts.account_forms import AccountEdit, NewAccount
from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import accounts as store
from dashboard.store.accounts import log_ins
from dashboard.store.accounts.accounts import AccountRow
from dashboard.store.agents import agents


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedAccount:
    """A new account, its administrator, and the administrator's API token, shown only once."""

    account_id: int
    user_id: int
    token: str


def create_account(work: UnitOfWork, new: NewAccount, *, now: datetime) -> CreatedAccount:
    """Create an account and its administrator, an agent with a log-in for this account alone."""
    account_id = store.add(work.session, new.name)
    called = new.email.partition("@")[0]
    user_id = agents.add(work.session, account_id, email=new.email, name=called, role=Role.ADMINISTRATOR)
    assert user_id is not None  # the account has nobody else
    log_ins.choose_password(work.session, user_id, passwords.of_address(work, new.email, new.password), now)
    token = tokens.issue(work, account_id, user_id, now=now)
    made = AuditedChange(subject="account", subject_id=account_id, after=store.find(work.session, account_id))
    audit_log.write(work, account_id, made, ActorContext(actor_id=None, now=now))
    return CreatedAccount(account_id=account_id, user_id=user_id, token=token.text)


def show(work: UnitOfWork, account_id: int) -> AccountRow | None:
    """Return the account."""
    return store.find(work.session, account_id)


def change(
    work: UnitOfWork,
    account_id: int,
    edit: AccountEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AccountRow | Stale | None:
    """Change the account; its switch is one of each inbox's four switches (E1)."""
    before = store.lock(work.session, account_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    after = replace(before, **values)
    if after == before:
        return before
    store.change(work.session, account_id, values)
    is_skilled = after.skill_labels != before.skill_labels
    if is_skilled:
        differing = dict(after.skill_labels.items() ^ before.skill_labels.items())
        store.apply_skill_labels(work.session, account_id, differing)
    changed = AuditedChange(subject="account", subject_id=account_id, before=before, after=after)
    audit_log.write(work, account_id, changed, ActorContext(actor_id=actor_id, now=now))
    work.notes.touched(account_id, is_all=is_skilled or after.assignment_v2 != before.assignment_v2)
    return after
