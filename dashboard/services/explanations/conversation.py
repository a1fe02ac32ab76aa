"""Explanations of one conversation: why it waits, or why a run chose its assignee; always from a plan (E46 to E48)."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dashboard.engine import planner, selectors
from dashboard.engine.decisions import Assign, Decision, DecisionTrace, Funnel, Reason, Stop, Via
from dashboard.engine.model import Agent, ConnectionMode, Conversation, Snapshot, Status
from dashboard.engine.policy import DEFAULT_POLICY, ConversationPriority
from dashboard.engine.sentences import decision_text
from dashboard.engine.sentences.decision_text import NamesById
from dashboard.engine.suggestions import suggestions
from dashboard.engine.suggestions.suggestions import Fix
from dashboard.engine.verdicts import Verdict
from dashboard.services.assignment import return_rules
from dashboard.services.assignment.waiting_filter import filter_of
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.assignment import snapshots, waiting
from dashboard.store.assignment.run_history import decision_history
from dashboard.store.assignment.run_history.decision_history import PastAssignment
from dashboard.store.assignment.snapshots import RoutedInbox
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks import shadow_decisions
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.policies import capacity_policies

VIA = {
    Via.PREFERRED: "they answered this contact before",
    Via.OVERFLOW: "nobody of its own may take it, and they are in the overflow team",
}
# The most conversations before it that are planned; behind more of them, no number is offered for a limit.
LOOKED_AHEAD = 10_000


class ExplanationState(StrEnum):
    """The state of the explained conversation."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    NOT_WAITING = "not_waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The explanation of one conversation; fields that do not apply are None or empty.

    `agents` has the verdicts, `turns` the ids of eligible agents, next first; `overrides` names the values that are the
    inbox's own. The decision is that of the next run,
    or of the run that assigned the conversation.
    """

    conversation_id: int
    state: ExplanationState
    sentence: str
    decision: Decision | None = None
    position: int | None = None
    funnel: Funnel | None = None
    agents: tuple[tuple[Agent, Verdict], ...] = ()
    next_possible_at: datetime | None = None
    fixes: tuple[Fix, ...] = ()
    given: PastAssignment | None = None
    turns: tuple[int, ...] = ()
    overrides: tuple[str, ...] = ()


def conversation(work: UnitOfWork, account_id: int, conversation_id: int, *, now: datetime) -> Explanation | None:
    """Explain a conversation; None if the account does not have it. Raises StoreUnavailable."""
    row = conversations.find(work.session, account_id, conversation_id)
    if row is None:
        return None
    if row.is_waiting:
        return _waiting(work, row, now)
    if row.assignee_id is None or row.status is not Status.OPEN:
        words = "resolved" if row.status is Status.RESOLVED else row.status.value
        return Explanation(
            conversation_id=row.id, state=ExplanationState.NOT_WAITING, sentence=f"Not waiting: it is {words}."
        )
    told = _assigned(work, row)
    return replace(told, sentence=f"{told.sentence} {_used_up(row)}") if _stays(work, row, now) else told


def _stays(work: UnitOfWork, row: ConversationRow, now: datetime) -> bool:
    return row.returns > 0 and return_rules.is_used_up(work, row, now=now)


def _used_up(row: ConversationRow) -> str:
    times = "once" if row.returns == 1 else f"{row.returns} times"
    return f"It came back {times}, as often as its policy allows, and stays although nobody answers."


def assignment(work: UnitOfWork, account_id: int, assignment_id: int) -> Explanation | None:
    """Explain one assignment of the ledger, also a former one; None if the account does not have it (E47)."""
    given = decision_history.given(work.session, account_id, assignment_id)
    return _assignment_sentence(work, account_id, given) if given else None


def _waiting(work: UnitOfWork, row: ConversationRow, now: datetime) -> Explanation | None:
    routing = inbox_routing.read(work.session, row.account_id, row.inbox_id)
    if routing is None:
        return None
    # Without a policy its defaults are looked at, so that the fix for its absence can be tried like any other.
    place = RoutedInbox(inbox=routing.inbox, policy=routing.policy or DEFAULT_POLICY, uses=routing.uses)
    snapshot = snapshots.read(work.session, work.gauges, [place], now=now)[row.inbox_id]
    rules = filter_of(snapshot)
    this = waiting.find(work.session, rules, row.id, now)
    if this is None:
        return None
    snapshot = replace(_with_queue(work, snapshot, this, now), policy=routing.policy)
    decision, examined = _decision(snapshot, row.id, now)
    position = waiting.position(work.session, rules, this)
    opens_at = snapshot.inbox.hours.opens_at(now) if snapshot.inbox.hours else None
    names = decision_text.ids_mentioned(snapshot, decision, this.team_id, now)
    told = _waiting_sentence(snapshot, decision, examined, names)
    by_due = rules.priority is ConversationPriority.SOONEST_DUE
    due = decision_text.due(this, ahead=position - 1, by_due=by_due, now=now)
    return replace(
        told,
        sentence=f"{told.sentence} {due}".strip(),
        next_possible_at=opens_at if decision.reason is Reason.OUTSIDE_HOURS else told.next_possible_at,
        position=position,
        fixes=_fixes(work, snapshot, this, position=position, now=now),
    )


def _with_queue(work: UnitOfWork, snapshot: Snapshot, this: Conversation, now: datetime) -> Snapshot:
    """Return the snapshot with this conversation and the conversations before it."""
    rules = filter_of(snapshot)
    queue = (*waiting.before(work.session, rules, this, most=LOOKED_AHEAD, now=now), this)
    contacts = {one.contact_id for one in queue if rules.one_agent_per_contact and one.contact_id is not None}
    served = waiting.contacts_being_served(work.session, rules.account_id, contacts) if contacts else frozenset()
    is_shadow = snapshot.inbox.mode is ConnectionMode.SHADOW
    shadowed = shadow_decisions.open_in(work.session, rules.inbox_id) if is_shadow else {}
    return replace(snapshot, waiting=queue, served_contacts=served, shadowed=shadowed)


def _fixes(
    work: UnitOfWork, snapshot: Snapshot, this: Conversation, *, position: int, now: datetime
) -> tuple[Fix, ...]:
    """Return the smallest fixes; behind too many conversations, fixes that make room are left out."""
    account_id, ids = snapshot.inbox.account_id, {agent.capacity_policy_id for agent in snapshot.agents}
    policies = capacity_policies.named(work.session, account_id, [one for one in ids if one is not None])
    found = suggestions.smallest(snapshot, this.id, now, policies)
    return tuple(fix for fix in found if position <= len(snapshot.waiting) or not fix.makes_room)


def _decision(snapshot: Snapshot, conversation_id: int, now: datetime) -> tuple[Decision, DecisionTrace | None]:
    off = planner.switched_off(snapshot.inbox, snapshot.policy, now)
    examined = planner.examine(snapshot, conversation_id, now)
    if examined is None:
        return Stop(conversation_id, off or Reason.NOT_OPEN), None
    return examined.decision, examined


def _waiting_sentence(
    snapshot: Snapshot, decision: Decision, examined: DecisionTrace | None, names: NamesById
) -> Explanation:
    verdicts = examined.verdicts if examined else {}
    return Explanation(
        conversation_id=decision.conversation_id or 0,
        state=ExplanationState.WAITING,
        sentence=decision_text.sentence(decision, names),
        decision=decision,
        funnel=examined.funnel if examined else None,
        agents=tuple((agent, verdicts[agent.id]) for agent in snapshot.agents if agent.id in verdicts),
        turns=examined.turns if examined else (),
        next_possible_at=decision_text.next_possible_at(examined) if examined else None,
        overrides=snapshot.policy.overridden if snapshot.policy else (),
    )


def _assigned(work: UnitOfWork, row: ConversationRow) -> Explanation:
    given = decision_history.last_given(work.session, row.account_id, row.id)
    if given is None:
        return Explanation(
            conversation_id=row.id, state=ExplanationState.ASSIGNED, sentence="Assigned before records began."
        )
    return _assignment_sentence(work, row.account_id, given)


def _assignment_sentence(work: UnitOfWork, account_id: int, given: PastAssignment) -> Explanation:
    """Explain an assignment; for a run's assignment, plan its batch again from the stored snapshot."""
    conversation_id = given.conversation_id
    by_hand = Explanation(
        conversation_id=conversation_id, state=ExplanationState.ASSIGNED, sentence=f"{_by_whom(given)}.", given=given
    )
    if given.run_id is None:
        return by_hand
    kept = decision_history.batch_of(work.session, account_id, given.run_id, given.at)
    examined = planner.examine(kept.snapshot, conversation_id, kept.at) if kept else None
    if kept is None or examined is None:
        return by_hand
    team_id = next((one.team_id for one in kept.snapshot.waiting if one.id == conversation_id), None)
    names = decision_text.ids_mentioned(kept.snapshot, examined.decision, team_id)
    told = _waiting_sentence(kept.snapshot, examined.decision, examined, names)
    sentence = f"Assigned to {given.agent_name} by a run: {selector_sentence(kept.snapshot, examined)}."
    return replace(told, state=ExplanationState.ASSIGNED, sentence=sentence, next_possible_at=None, given=given)


def _by_whom(given: PastAssignment) -> str:
    return f"Assigned to {given.agent_name} by {given.actor_name or 'hand' if given.run_id is None else 'a run'}"


def selector_sentence(snapshot: Snapshot, examined: DecisionTrace) -> str:
    """Return why a run chose this assignee."""
    policy, decision = snapshot.policy or DEFAULT_POLICY, examined.decision
    via = decision.how.via if isinstance(decision, Assign) else None
    told = VIA[via] if via else selectors.explanation(policy.assignment_order, len(examined.turns))
    relaxed = isinstance(decision, Assign) and decision.how.skills_relaxed
    return f"{told}; the required skills were not asked for any more" if relaxed else told
