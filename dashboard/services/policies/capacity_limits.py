"""A capacity policy's limits by inbox, and the agents under it."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.services.agents import agents
from dashboard.services.agents.agents import AgentView
from dashboard.services.core import audit_log, audited_crud
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import capacity_policies
from dashboard.services.policies.policy_forms import AgentChoice, InboxLimitEdit
from dashboard.store.accounts import id_checks
from dashboard.store.agents import agents as agents_store
from dashboard.store.agents import availability
from dashboard.store.agents.agents import AgentRow
from dashboard.store.core.paging import Listed, Page
from dashboard.store.policies import capacity_policies as store
from dashboard.store.policies.capacity_policies import LimitRow

__all__ = ["LimitKey", "LimitRow", "agents_under", "assign_policy", "change", "create", "remove", "unassign_policy"]

LIMIT = Resource(subject="inbox_capacity_limit", shelf=store.limits, unique="inbox_id")
NO_SUCH_INBOX = "There is no such inbox in this account."
NO_SUCH_AGENT = "There is no such active agent in this account."


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitKey:
    """A limit of a policy."""

    policy_id: int
    limit_id: int


def create(
    work: UnitOfWork, account_id: int, policy_id: int, edit: InboxLimitEdit, *, actor_id: int | None, now: datetime
) -> LimitRow | Invalid | None:
    """Limit what an agent under the policy may hold of an inbox; the policy's exclusions apply to it from now on."""
    if store.shelf.lock(work.session, account_id, policy_id) is None:
        return None
    if refusal := _refusal(work, account_id, edit):
        return refusal
    values = {"agent_capacity_policy_id": policy_id, **sent_fields(edit)}
    row = audited_crud.add(work, account_id, LIMIT, values, cause=ActorContext(actor_id=actor_id, now=now))
    if isinstance(row, Invalid):
        return row
    _decided(work, account_id, policy_id, now)
    return row


def change(
    work: UnitOfWork,
    account_id: int,
    key: LimitKey,
    edit: InboxLimitEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> LimitRow | Invalid | None:
    """Change a limit."""
    before = _locked(work, account_id, key)
    if before is None:
        return None
    if refusal := _refusal(work, account_id, edit):
        return refusal
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    changed = audited_crud.change(
        work, account_id, LIMIT, before, values=values, cause=ActorContext(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    if changed.after != before:
        _decided(work, account_id, key.policy_id, now)
    return changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    key: LimitKey,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> LimitRow | Stale | None:
    """Lift a limit; without it the policy's exclusions do not apply to the inbox."""
    before = _locked(work, account_id, key)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    audited_crud.remove(work, account_id, LIMIT, before, cause=ActorContext(actor_id=actor_id, now=now))
    _decided(work, account_id, key.policy_id, now)
    return before


def agents_under(
    work: UnitOfWork, account_id: int, policy_id: int, page: Page, *, now: datetime
) -> Listed[AgentView] | None:
    """Return the active agents under the policy."""
    if store.shelf.find(work.session, account_id, policy_id) is None:
        return None
    found = agents_store.page(work.session, account_id, page, under_policy_id=policy_id)
    return Listed(data=tuple(agents.views(work, account_id, found.data, now)), meta=found.meta)


def assign_policy(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    choice: AgentChoice,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AgentView | Invalid | None:
    """Put an agent under the policy, in place of the one that they are under."""
    if store.shelf.find(work.session, account_id, policy_id) is None:
        return None
    before = agents_store.lock(work.session, account_id, choice.user_id)
    if before is None or not before.active:
        return invalid("user_id", NO_SUCH_AGENT)
    wanted = audited_crud.judged(seen, {"agent_capacity_policy_id": policy_id}, before)
    if isinstance(wanted, Stale):
        return wanted
    if before.agent_capacity_policy_id != wanted["agent_capacity_policy_id"]:
        _move(work, account_id, before, policy_id, cause=ActorContext(actor_id=actor_id, now=now))
    return agents.show(work, account_id, choice.user_id, now=now)


def unassign_policy(
    work: UnitOfWork,
    account_id: int,
    policy_id: int,
    choice: AgentChoice,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> AgentRow | Stale | None:
    """Leave an agent under no policy; None if they are not under this one."""
    before = agents_store.lock(work.session, account_id, choice.user_id)
    if before is None:
        return None
    wanted = audited_crud.judged(seen, {"agent_capacity_policy_id": None}, before)
    if isinstance(wanted, Stale):
        return wanted
    if before.agent_capacity_policy_id != policy_id:
        return None
    _move(work, account_id, before, None, cause=ActorContext(actor_id=actor_id, now=now))
    return before


def _move(work: UnitOfWork, account_id: int, agent: AgentRow, policy_id: int | None, *, cause: ActorContext) -> None:
    store.put_under(work.session, account_id, agent.id, policy_id)
    changed = capacity_policies.agents_of_policy(agent.id, agent.agent_capacity_policy_id, policy_id)
    audit_log.write(work, account_id, changed, cause)
    inbox_ids = availability.inboxes_of(work.session, account_id, [agent.id])
    work.notes.touched(account_id, inbox_ids=inbox_ids)


def _locked(work: UnitOfWork, account_id: int, key: LimitKey) -> LimitRow | None:
    """Return the limit, locked after its policy."""
    if store.shelf.lock(work.session, account_id, key.policy_id) is None:
        return None
    row = store.limits.lock(work.session, account_id, key.limit_id)
    return row if row and row.agent_capacity_policy_id == key.policy_id else None


def _refusal(work: UnitOfWork, account_id: int, edit: InboxLimitEdit) -> Invalid | None:
    if not isinstance(edit.inbox_id, int):
        return None
    known = id_checks.existing_ids(work.session, account_id, inbox_ids=[edit.inbox_id])
    return None if known.inbox_ids else invalid("inbox_id", NO_SUCH_INBOX)


def _decided(work: UnitOfWork, account_id: int, policy_id: int, now: datetime) -> None:
    """Give the policy, which decides differently now, its next version, and note that runs are called for."""
    store.touch(work.session, policy_id, now)
    work.notes.touched(account_id, is_all=True)
