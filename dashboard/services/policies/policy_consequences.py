"""What an assignment policy that is not saved yet would mean: its sentence, warnings, and the next run under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dashboard.engine import planner
from dashboard.engine.decisions import PoolState, Reason
from dashboard.engine.model import PoolKey, Presence
from dashboard.engine.policy import AssignmentPolicy, ConversationPriority, with_overrides
from dashboard.engine.sentences import policy_text
from dashboard.services.assignment import return_rules
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.policies import previews
from dashboard.services.policies.previews import Preview
from dashboard.store.assignment import snapshots
from dashboard.store.assignment.snapshots import RoutedInbox
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.inboxes import routing
from dashboard.store.inboxes.routing import Routing
from dashboard.store.policies import assignment_policies_page as rows
from dashboard.store.policies.assignment_policies_page import InboxChoice

# Each preview plans two runs, and the whole is redrawn as somebody types.
MOST_PREVIEWED = 3
MOST_CHANGES = 8
MOST_COUNTED = 1_000


class WarningKind(StrEnum):
    """What there is to warn of."""

    NO_INBOX = "no_inbox"
    DISABLED = "disabled"
    OFFLINE_IS_ELIGIBLE = "offline_is_eligible"
    NO_TARGETS = "no_targets"
    LEFT_WITHOUT = "left_without"
    TAKEN_OVER = "taken_over"
    STUCK = "stuck"
    OVER_LIMIT = "over_limit"
    COMES_BACK = "comes_back"
    OWN_VALUES = "own_values"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyWarning:
    """One warning: of which inbox, why nothing would move there, and how many agents it is about.

    `own` names the fields for which the inbox has values of its own.
    """

    doubt: WarningKind
    inbox: InboxChoice | None = None
    reason: Reason | None = None
    count: int = 0
    of: int = 0
    own: Sequence[str] = ()
    free_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A conversation that would go elsewhere; None is nobody."""

    conversation_id: int
    subject: str | None
    now_agent: str | None
    then_agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPreview:
    """The next run in one inbox, then and now, and the first conversations that would go elsewhere."""

    inbox: InboxChoice
    preview: Preview
    moves: Sequence[Move]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a policy would mean; `known` tells whether presence could be read, without which nothing is previewed."""

    sentence: str
    window: timedelta
    warnings: Sequence[PolicyWarning]
    nexts: Sequence[InboxPreview] = ()
    unshown: int = 0
    known: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDraft:
    """A policy as it is typed: its rules, the inboxes that it would serve, and those of the account."""

    rules: AssignmentPolicy
    chosen: frozenset[int]
    inboxes: Sequence[InboxChoice]

    @property
    def serves(self) -> list[InboxChoice]:
        """Return the inboxes that it would serve, where most waits first."""
        return sorted((one for one in self.inboxes if one.id in self.chosen), key=lambda one: -one.waiting)

    def own(self, inbox: InboxChoice) -> Mapping[str, Any]:
        """Return the inbox's own values, which it has only for the policy that it has."""
        return inbox.overrides if inbox.policy_id == self.rules.id else {}

    def rules_of(self, inbox: InboxChoice) -> AssignmentPolicy:
        """Return the policy as it would decide in an inbox (E69)."""
        return with_overrides(self.rules, self.own(inbox))

    @property
    def leaves(self) -> list[InboxChoice]:
        """Return the inboxes that it serves and would serve no longer."""
        return [one for one in self.inboxes if one.policy_id == self.rules.id and one.id not in self.chosen]


def of(work: UnitOfWork, account_id: int, draft: PolicyDraft, *, now: datetime) -> Consequences:
    """Return what the policy would mean; writes nothing anywhere."""
    sentence = policy_text.policy(draft.rules, [one.name for one in draft.serves])
    said, window = _of_itself(draft), draft.rules.window
    try:
        stuck = _of_agents(work, account_id, draft, now)
        nexts = _nexts(work, account_id, draft, now)
    except StoreUnavailable:  # said on the page: the rest needs no Redis
        return Consequences(sentence=sentence, window=window, warnings=said, known=False)
    unshown = len(draft.serves) - len(nexts)
    return Consequences(sentence=sentence, window=window, warnings=[*said, *stuck], nexts=nexts, unshown=unshown)


def _of_itself(draft: PolicyDraft) -> list[PolicyWarning]:
    """Return what can be warned of without looking at anybody."""
    found = [PolicyWarning(doubt=WarningKind.NO_INBOX)] if not draft.chosen else []
    if not draft.rules.enabled and draft.chosen:
        found.append(PolicyWarning(doubt=WarningKind.DISABLED, count=len(draft.chosen)))
    if Presence.OFFLINE in draft.rules.eligible_presence:
        found.append(PolicyWarning(doubt=WarningKind.OFFLINE_IS_ELIGIBLE))
    by_due = draft.rules.conversation_priority is ConversationPriority.SOONEST_DUE
    if by_due and draft.rules.response_targets is None:
        found.append(PolicyWarning(doubt=WarningKind.NO_TARGETS))
    found += [PolicyWarning(doubt=WarningKind.LEFT_WITHOUT, inbox=one, count=one.waiting) for one in draft.leaves]
    for one in draft.serves:
        if own := draft.own(one):
            found.append(PolicyWarning(doubt=WarningKind.OWN_VALUES, inbox=one, own=[*own]))
    taken = [one for one in draft.serves if one.policy_id not in (None, draft.rules.id)]
    return [*found, *(PolicyWarning(doubt=WarningKind.TAKEN_OVER, inbox=one) for one in taken)]


def _of_agents(work: UnitOfWork, account_id: int, draft: PolicyDraft, now: datetime) -> list[PolicyWarning]:
    """Return why nothing would move in an inbox, and whom the limit would stop at once."""
    if not draft.rules.enabled:
        return []
    routed = {found.inbox.id: found for found in routing.read_many(work.session, account_id, draft.chosen)}
    off = {
        one: reason for one, found in routed.items() if (reason := planner.switched_off(found.inbox, draft.rules, now))
    }
    rules = {one.id: draft.rules_of(one) for one in draft.serves}
    places = [
        RoutedInbox(inbox=one.inbox, policy=rules[one.inbox.id], uses=one.uses)
        for one in routed.values()
        if one.inbox.id not in off
    ]
    read = snapshots.read(work.session, work.gauges, places, now=now)
    warnings: list[PolicyWarning] = []
    for inbox in draft.serves:
        if inbox.id in off:
            warnings.append(PolicyWarning(doubt=WarningKind.STUCK, inbox=inbox, reason=off[inbox.id]))
        elif inbox.id in read:
            warnings += _of_pool(inbox, planner.standings(read[inbox.id], now)[PoolKey(None)], rules[inbox.id])
            warnings += _of_returns(work, inbox, replace(routed[inbox.id], policy=rules[inbox.id]), now)
    return warnings


def _of_returns(work: UnitOfWork, inbox: InboxChoice, routed: Routing, now: datetime) -> list[PolicyWarning]:
    """Return how many conversations would come back at once (E64)."""
    count = len(return_rules.due_of(work, [routed], now=now, most=MOST_COUNTED))
    return [PolicyWarning(doubt=WarningKind.COMES_BACK, inbox=inbox, count=count)] if count else []


def _of_pool(inbox: InboxChoice, standing: PoolState, rules: AssignmentPolicy) -> list[PolicyWarning]:
    if standing.reason:
        return [
            PolicyWarning(doubt=WarningKind.STUCK, inbox=inbox, reason=standing.reason, free_at=standing.next_slot_at)
        ]
    funnel = standing.funnel
    # A pace is over in a moment.
    over = funnel.online - funnel.under_rate_limit if rules.fair_distribution_limit else 0
    if not over:
        return []
    return [
        PolicyWarning(
            doubt=WarningKind.OVER_LIMIT, inbox=inbox, count=over, of=funnel.online, free_at=standing.next_slot_at
        )
    ]


def _nexts(work: UnitOfWork, account_id: int, draft: PolicyDraft, now: datetime) -> list[InboxPreview]:
    found = [
        (inbox, preview)
        for inbox in draft.serves[:MOST_PREVIEWED]
        if (preview := previews.preview(work, account_id, inbox.id, draft.rules_of(inbox), now=now))
    ]
    changes = {inbox.id: preview.changed[:MOST_CHANGES] for inbox, preview in found}
    every = [change for several in changes.values() for change in several]
    agent_ids = {one for change in every for one in (change.now_agent_id, change.then_agent_id) if one is not None}
    names = rows.agent_names(work.session, account_id, agent_ids)
    subjects = rows.subjects(work.session, account_id, [change.conversation_id for change in every])
    return [
        InboxPreview(
            inbox=inbox,
            preview=preview,
            moves=[
                Move(
                    conversation_id=change.conversation_id,
                    subject=subjects.get(change.conversation_id),
                    now_agent=names.get(change.now_agent_id or 0),
                    then_agent=names.get(change.then_agent_id or 0),
                )
                for change in changes[inbox.id]
            ],
        )
        for inbox, preview in found
    ]
