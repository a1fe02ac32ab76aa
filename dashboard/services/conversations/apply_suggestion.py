"""Application of a suggested fix: each change calls the same service as its form."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dashboard.engine import policy
from dashboard.engine.model import AssignmentType, Presence
from dashboard.engine.suggestions import changes, rule_changes
from dashboard.engine.suggestions.changes import SuggestedChange
from dashboard.engine.suggestions.suggestions import Fix
from dashboard.services.accounts import accounts
from dashboard.services.accounts.account_forms import AccountEdit, AgentForm
from dashboard.services.agents import presence, skills
from dashboard.services.agents.presence import AvailabilityResult
from dashboard.services.conversations import change
from dashboard.services.conversations import conversation_forms as forms
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.refusals import Conflict, Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.explanations import conversation
from dashboard.services.inboxes import inboxes, members, teams
from dashboard.services.inboxes.inbox_forms import InboxEdit, MemberEdit, TeamEdit
from dashboard.services.inboxes.members import Owner, OwnerKind
from dashboard.services.policies import assignment_policies, capacity_limits, capacity_policies
from dashboard.services.policies.capacity_limits import LimitKey
from dashboard.services.policies.policy_forms import (
    AssignmentPolicyEdit,
    AssignmentPolicyForm,
    CapacityPolicyEdit,
    ExclusionsEdit,
    InboxLimitEdit,
    PolicyChoice,
)
from dashboard.store.agents import agents as agents_store
from dashboard.store.conversations import conversations
from dashboard.store.helpdesks import masters
from dashboard.store.policies import assignment_policies as policies_store
from dashboard.store.policies import capacity_policies as capacity_store
from dashboard.store.redis.heartbeats import presence_of

# A run is over before one would see anything move; the page shows what there is by then.
PATIENCE = timedelta(seconds=2)
LOOKS_EVERY = timedelta(milliseconds=40)
MOST = {
    changes.RaiseRateLimit: policy.MOST_PER_WINDOW,
    changes.RaiseOwnRateLimit: policy.MOST_PER_WINDOW,
    changes.RaiseCapacity: policy.MOST_OPEN,
    changes.RaiseTotalCapacity: policy.MOST_OPEN,
    changes.RaiseTeamLimit: policy.MOST_OPEN,
    changes.RaiseAge: policy.MOST_HOURS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A fix, and whether a supervisor can apply all of it here; no supervisor can set `absent` agents online."""

    fix: Fix
    can_be_done: bool
    absent: tuple[str, ...] = ()


def offers(work: UnitOfWork, account_id: int, fixes: Sequence[Fix], *, now: datetime) -> tuple[Offer, ...]:
    """Return the fixes, each with whether a supervisor can apply it."""
    away = {one.agent_id for fix in fixes for one in fix.changes if isinstance(one, changes.BringOnline)}
    there = {agent_id for agent_id in away if _would_be_online(work, account_id, agent_id, now)}

    def possible(one: SuggestedChange) -> bool:
        if isinstance(one, changes.BringOnline):
            return one.agent_id in there
        if isinstance(one, changes.RemoveLabel):
            return _may_relabel(work, account_id, one.conversation_id)
        if isinstance(one, changes.RaiseTotalCapacity) and one.policy_id is None:
            return False
        return getattr(one, "to", 0) <= MOST.get(type(one), 0)

    def absent(fix: Fix) -> tuple[str, ...]:
        called = [one for one in fix.changes if isinstance(one, changes.BringOnline)]
        return tuple(one.agent_name for one in called if not possible(one))

    return tuple(Offer(fix=fix, can_be_done=all(map(possible, fix.changes)), absent=absent(fix)) for fix in fixes)


def apply(
    work: UnitOfWork, account_id: int, conversation_id: int, sentence: str, *, actor_id: int, now: datetime
) -> Fix | None:
    """Do the fix that says this; None if it is not offered any more, or was done in part and is to be taken back."""
    told = conversation.conversation(work, account_id, conversation_id, now=now)
    offered = offers(work, account_id, told.fixes if told else (), now=now)
    fix = next((one.fix for one in offered if one.can_be_done and one.fix.sentence == sentence), None)
    if fix is None:
        return None
    done = _do(work, account_id, conversation_id, fix, cause=ActorContext(actor_id=actor_id, now=now))
    return fix if done else None


def _do(work: UnitOfWork, account_id: int, conversation_id: int, fix: Fix, *, cause: ActorContext) -> bool:
    """Do all that the fix changes; false where one of it could not be done.

    Locks are taken in a run's order: the conversation's inbox, then the agents by their ids.
    """
    if not change.hold_inboxes(work, account_id, conversation_id):
        return False
    in_order = sorted(fix.changes, key=lambda one: one.agent_id if isinstance(one, changes.BringOnline) else 0)
    return all(_apply(work, account_id, conversation_id, one, cause=cause) for one in in_order)


def _apply(
    work: UnitOfWork, account_id: int, conversation_id: int, one: SuggestedChange, *, cause: ActorContext
) -> bool:
    """Apply one change; False if another person changed or removed its row first."""
    if isinstance(one, changes.RemoveLabel):
        return _without_label(work, account_id, conversation_id, one.label, cause=cause)
    done = APPLIES[type(one)](work, account_id, one, {"actor_id": cause.actor_id, "now": cause.now})
    return not (done is None or done is AvailabilityResult.NO_SUCH_AGENT or isinstance(done, (Invalid, Conflict)))


def _without_label(work: UnitOfWork, account_id: int, conversation_id: int, label: str, *, cause: ActorContext) -> bool:
    row = conversations.find(work.session, account_id, conversation_id)
    if row is None:
        return False
    wanted = forms.ConversationChange(labels=tuple(title for title in row.labels if title != label))
    done = change.change(work, account_id, conversation_id, wanted, actor_id=cause.actor_id, now=cause.now)
    return done is not None and not isinstance(done, Invalid | Conflict)


def _may_relabel(work: UnitOfWork, account_id: int, conversation_id: int) -> bool:
    """Return whether the conversation's labels are ours: a helpdesk decides those of its own."""
    row = conversations.find(work.session, account_id, conversation_id)
    return row is not None and masters.of_inbox(work.session, account_id, row.inbox_id) is None


def _would_be_online(work: UnitOfWork, account_id: int, agent_id: int, now: datetime) -> bool:
    row = agents_store.find(work.session, account_id, agent_id)
    if row is None:
        return False
    heard = agent_id in work.heartbeats.present(account_id, [agent_id], now)
    word = presence_of(availability=Presence.ONLINE, auto_offline=row.auto_offline, heard=heard)
    return word is Presence.ONLINE and row.availability is not Presence.ONLINE


def _link(work: UnitOfWork, account_id: int, one: changes.LinkPolicy, by: Mapping[str, Any]) -> object:
    """Link the account's policy with the default rules, or a new one."""
    rows = policies_store.shelf.all(work.session, account_id)
    usual = policy.DEFAULT_POLICY.unnamed
    found = next((row.id for row in rows if replace(row.rules, id=0) == usual), None)
    if found is None:
        taken = {row.name for row in rows}
        name = next(
            name for n in range(1, len(taken) + 2) if (name := f"Default {n}" if n > 1 else "Default") not in taken
        )
        made = assignment_policies.create(work, account_id, AssignmentPolicyForm().load({"name": name}), **by)
        if isinstance(made, Invalid):
            return made
        found = made.id
    return assignment_policies.link(work, account_id, one.inbox_id, PolicyChoice(assignment_policy_id=found), **by)


def _raise_capacity(work: UnitOfWork, account_id: int, one: changes.RaiseCapacity, by: Mapping[str, Any]) -> object:
    limits = capacity_store.limits_of(work.session, account_id, [one.policy_id or 0]).get(one.policy_id or 0, ())
    limit = next((limit for limit in limits if limit.inbox_id == one.inbox_id), None)
    if limit is None:
        return None
    key = LimitKey(policy_id=limit.agent_capacity_policy_id, limit_id=limit.id)
    return capacity_limits.change(work, account_id, key, InboxLimitEdit(conversation_limit=one.to), **by)


def _raise_age(work: UnitOfWork, account_id: int, one: changes.RaiseAge, by: Mapping[str, Any]) -> object:
    row = capacity_store.shelf.find(work.session, account_id, one.policy_id)
    if row is None:
        return None
    rules = ExclusionsEdit(excluded_labels=row.excluded_labels, exclude_older_than_hours=one.to)
    return capacity_policies.change(work, account_id, one.policy_id, CapacityPolicyEdit(exclusion_rules=rules), **by)


def _bring_online(work: UnitOfWork, account_id: int, one: changes.BringOnline, by: Mapping[str, Any]) -> object:
    return presence.set_availability(
        work,
        account_id,
        one.agent_id,
        availability=Presence.ONLINE,
        auto_offline=None,
        by_hand=True,
        now=by["now"],
        is_there=False,
    )


def _opt_in(work: UnitOfWork, account_id: int, one: rule_changes.OptIn, by: Mapping[str, Any]) -> object:
    """Switch on each membership that counts for the conversation's pool."""
    places = [Owner(OwnerKind.INBOX, one.inbox_id)]
    places += [] if one.team_id is None else [Owner(OwnerKind.TEAM, one.team_id)]
    edit = MemberEdit(auto_assign=True)
    done = [members.switch(work, account_id, place, edit, user_id=one.agent_id, **by) for place in places]
    return any(done) or None


def _add_skills(work: UnitOfWork, account_id: int, one: rule_changes.AddSkills, by: Mapping[str, Any]) -> object:
    row = agents_store.find(work.session, account_id, one.agent_id)
    if row is None:
        return None
    edit = AgentForm(partial=True).load({"skills": [*row.skills, *one.skills]})
    return skills.change(work, account_id, one.agent_id, edit, **by)


def _raise_own(work: UnitOfWork, account_id: int, one: changes.RaiseOwnRateLimit, by: Mapping[str, Any]) -> object:
    """Raise the limit among the inbox's own values, whatever others it has."""
    found = policies_store.link_of(work.session, account_id, one.inbox_id)
    if found is None:
        return None
    choice = PolicyChoice(
        assignment_policy_id=found.assignment_policy_id,
        overrides={**found.overrides, "fair_distribution_limit": one.to},
    )
    return assignment_policies.link(work, account_id, one.inbox_id, choice, **by)


def _policy(**edit: Any) -> Callable[..., object]:
    return lambda work, account_id, one, by: assignment_policies.change(
        work, account_id, one.policy_id, AssignmentPolicyEdit(**edit), **by
    )


APPLIES: Mapping[type[SuggestedChange], Callable[[UnitOfWork, int, Any, Mapping[str, Any]], object]] = {
    changes.SwitchOnAccount: lambda work, account, one, by: accounts.change(
        work, account, AccountEdit(assignment_v2=True), **by
    ),
    changes.SwitchOnInbox: lambda work, account, one, by: inboxes.change(
        work, account, one.inbox_id, InboxEdit(enable_auto_assignment=True), **by
    ),
    changes.KeepOpen: lambda work, account, one, by: inboxes.change(
        work, account, one.inbox_id, InboxEdit(business_hours=None), **by
    ),
    changes.LinkPolicy: _link,
    changes.EnablePolicy: _policy(enabled=True),
    changes.SeveralPerContact: _policy(one_agent_per_contact=False),
    changes.RaiseRateLimit: lambda work, account, one, by: assignment_policies.change(
        work, account, one.policy_id, AssignmentPolicyEdit(fair_distribution_limit=one.to), **by
    ),
    changes.RaiseOwnRateLimit: _raise_own,
    changes.RaiseAge: _raise_age,
    rule_changes.OptIn: _opt_in,
    rule_changes.AddSkills: _add_skills,
    rule_changes.RemovePace: _policy(pace_seconds=None),
    rule_changes.StopKeeping: _policy(wait_for_preferred=0),
    changes.GiveTeamTurns: lambda work, account, one, by: teams.change(
        work, account, one.team_id, TeamEdit(assignment_type=AssignmentType.ROUND_ROBIN), **by
    ),
    changes.RaiseTeamLimit: lambda work, account, one, by: teams.change(
        work, account, one.team_id, TeamEdit(max_auto_assigned_conversations=one.to), **by
    ),
    changes.BringOnline: _bring_online,
    changes.RaiseCapacity: _raise_capacity,
    changes.RaiseTotalCapacity: lambda work, account, one, by: capacity_policies.change(
        work, account, one.policy_id, CapacityPolicyEdit(conversation_limit=one.to), **by
    ),
}


def wait_for_run(work: UnitOfWork, account_id: int, conversation_id: int) -> None:
    """Give the run of a fix a moment: look, in units of its own, until the conversation is assigned."""
    until = time.monotonic() + PATIENCE.total_seconds()
    while True:
        row = conversations.find(work.session, account_id, conversation_id)
        work.finish()
        if row is None or not row.is_waiting or time.monotonic() >= until:
            return
        time.sleep(LOOKS_EVERY.total_seconds())
