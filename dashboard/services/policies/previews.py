"""A dry run: what the next run would do under a policy that was not saved, against what it would do now (E50)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Plan, Reason
from dashboard.engine.model import Snapshot
from dashboard.engine.policy import DEFAULT_POLICY, AssignmentPolicy, ConversationPriority, read_rules
from dashboard.engine.pools import pool_key
from dashboard.services.assignment import run_outcome
from dashboard.services.assignment.run_outcome import WaitingSummary
from dashboard.services.assignment.waiting_filter import filter_of, with_waiting
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import overflow
from dashboard.services.policies.policy_forms import AssignmentPolicyEdit
from dashboard.store.assignment import snapshots, waiting
from dashboard.store.assignment.draft_order import DraftTargets
from dashboard.store.assignment.snapshots import RoutedInbox
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.inboxes.routing import Routing

# A preview is redrawn as somebody types: so much of a backlog shows what a rule does.
MOST_LOOKED_AT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a run would do: who would get what, in order, and what would be left and why."""

    assigns: Sequence[Assign] = ()
    left_waiting: Mapping[Reason, int] = field(default_factory=dict)
    stop: Reason | None = None

    @property
    def by_conversation(self) -> dict[int, int]:
        """Return each conversation's agent."""
        return {given.conversation_id: given.agent_id for given in self.assigns}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A conversation that would go elsewhere; None is nobody."""

    conversation_id: int
    now_agent_id: int | None
    then_agent_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The next run as it would be then, and as it is now."""

    then: Outlook
    now: Outlook

    @property
    def changed(self) -> list[Difference]:
        """Return what would go elsewhere."""
        then, now = self.then.by_conversation, self.now.by_conversation
        return [
            Difference(conversation_id=one, now_agent_id=now.get(one), then_agent_id=then.get(one))
            for one in dict.fromkeys([*then, *now])
            if then.get(one) != now.get(one)
        ]


def changed(policy: AssignmentPolicy, edit: AssignmentPolicyEdit) -> AssignmentPolicy:
    """Return the policy with the edit's values; what is only shown changes nothing."""
    sent = sent_fields(edit)
    named = {"name": sent["name"]} if "name" in sent else {}
    return replace(policy, **named, **read_rules(sent))


def refusal(work: UnitOfWork, account_id: int, policy: AssignmentPolicy) -> Invalid | None:
    """Return why no policy may have these rules, or None."""
    return overflow.refusal(work, account_id, team_id=policy.overflow_team_id, after=policy.overflow_after)


def current_policy(work: UnitOfWork, account_id: int, inbox_id: int) -> AssignmentPolicy | None:
    """Return the policy that a preview starts from: the inbox's, or the defaults; None if there is no such inbox."""
    routing = inbox_routing.read(work.session, account_id, inbox_id)
    return (routing.policy or DEFAULT_POLICY) if routing else None


def preview(
    work: UnitOfWork, account_id: int, inbox_id: int, policy: AssignmentPolicy, *, now: datetime
) -> Preview | None:
    """Plan the next run twice, writing nothing anywhere; None if there is no such inbox. Raises StoreUnavailable."""
    routing = inbox_routing.read(work.session, account_id, inbox_id)
    if routing is None:
        return None
    as_it_is = _outlook(work, routing, now)
    if policy == routing.policy:  # a form that was only opened
        return Preview(then=as_it_is, now=as_it_is)
    then = _outlook(work, replace(routing, policy=policy), now, draft=_draft(routing, policy))
    return Preview(then=then, now=as_it_is)


def _draft(routing: Routing, policy: AssignmentPolicy) -> DraftTargets | None:
    """Return the targets to order by, unless conversations have their instants by them already (E54, E55)."""
    kept = routing.policy.response_targets if routing.policy else None
    if policy.conversation_priority is not ConversationPriority.SOONEST_DUE or policy.response_targets == kept:
        return None
    return DraftTargets(targets=policy.response_targets, hours=routing.inbox.hours)


def _outlook(work: UnitOfWork, routing: Routing, now: datetime, *, draft: DraftTargets | None = None) -> Outlook:
    off = planner.switched_off(routing.inbox, routing.policy, now)
    if off or routing.policy is None:
        return Outlook(stop=off)
    place = RoutedInbox(inbox=routing.inbox, policy=routing.policy, uses=routing.uses)
    snapshot = snapshots.read(work.session, work.gauges, [place], now=now)[routing.inbox.id]
    found = with_waiting(work, snapshot, most=MOST_LOOKED_AT, now=now, draft=draft).snapshot
    return _left(work, found, planner.plan(found, now, most=MOST_LOOKED_AT), now)


def _left(work: UnitOfWork, snapshot: Snapshot, plan: Plan, now: datetime) -> Outlook:
    """Return the outlook; what waits behind the last that was looked at is not counted as left."""
    policy = snapshot.policy or DEFAULT_POLICY
    assigns = [decision for decision in plan.decisions if isinstance(decision, Assign)]
    remains = WaitingSummary(
        left=waiting.left(work.session, filter_of(snapshot), now),
        standings=plan.standings,
        undecided=0,
        goes_on=False,
        decisions=plan.decisions,
        policy=policy,
    )
    pools = {one.id: pool_key(one, policy, now) for one in snapshot.waiting}
    return Outlook(assigns=assigns, left_waiting=run_outcome.without_assigned(remains, assigns, pools))
