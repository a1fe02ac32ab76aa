"""Skills of agents, and the skills that labels require (E58)."""

from dataclasses import replace
from datetime import datetime

from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import AccountEdit, AgentEdit
from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts.accounts import AccountRow
from dashboard.store.agents import agents as store
from dashboard.store.agents import availability
from dashboard.store.agents.agents import AgentRow


def change(
    work: UnitOfWork,
    account_id: int,
    agent_id: int,
    edit: AgentEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AgentRow | Stale | None:
    """Replace an agent's skills; runs start where something waits for them."""
    before = store.lock(work.session, account_id, agent_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, {"skills": sent_fields(edit)["skills"]}, before)
    if isinstance(values, Stale):
        return values
    after = replace(before, skills=tuple(values["skills"]))
    if after == before:
        return before
    store.change(work.session, account_id, agent_id, {"skills": list(after.skills)})
    facts = [{"skills": list(row.skills)} for row in (before, after)]
    changed = AuditedChange(subject="agent", subject_id=agent_id, before=facts[0], after=facts[1])
    audit_log.write(work, account_id, changed, ActorContext(actor_id=actor_id, now=now))
    work.notes.wakes(account_id, availability.inboxes_of(work.session, account_id, [agent_id]))
    return after


def require(
    work: UnitOfWork, account_id: int, label: str, skill: str | None, *, actor_id: int | None, now: datetime
) -> AccountRow | Stale | None:
    """Let conversations with this label require a skill, or none."""
    account = accounts.show(work, account_id)
    if account is None:
        return None
    others = {title: name for title, name in account.skill_labels.items() if title != label}
    wanted = {**others, label: skill} if skill else others
    return accounts.change(work, account_id, AccountEdit(skill_labels=wanted), actor_id=actor_id, now=now)


def has_anybody(work: UnitOfWork, account_id: int, skill: str) -> bool:
    """Return whether an active agent of the account has this skill."""
    return store.has_skill(work.session, account_id, skill)
