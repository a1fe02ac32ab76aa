"""The memory of returns: whom a conversation was taken from, and who is passed over for it (E65, E74)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from dashboard.engine.decisions import CandidateList, Funnel, Stop
from dashboard.engine.model import Conversation
from dashboard.engine.pools import RATE_KINDS, Pool, next_slot
from dashboard.engine.verdicts import ELIGIBLE, HadIt, Verdict, VerdictKind

NOBODY: Mapping[int, HadIt] = {}
# The verdicts of the gates before the memory (E63).
BEFORE = frozenset({
    VerdictKind.NOT_A_MEMBER, VerdictKind.OPTED_OUT, VerdictKind.LACKS_SKILL, VerdictKind.NOT_ONLINE
})  # fmt: skip


def passed_over(conversation: Conversation, pools: Iterable[Pool]) -> Mapping[int, HadIt]:
    """Return whom the conversation was taken from, while another member of these pools could ever take it."""
    had = {one.agent_id: HadIt(one.at) for one in conversation.returned_from}
    others = (agent_id not in had for pool in pools for agent_id in pool.lasting)
    return had if any(others) else NOBODY


def refused(verdicts: Mapping[int, Verdict], had: Mapping[int, HadIt]) -> Mapping[int, HadIt]:
    """Return the agents whom the memory refuses, because no gate before it does."""
    return {one: no for one, no in had.items() if one in verdicts and verdicts[one].kind not in BEFORE}


def without(seated: CandidateList, had: Mapping[int, HadIt]) -> CandidateList:
    """Return the verdicts with the memory's refusals."""
    gone = refused(seated.verdicts, had)
    if not gone:
        return seated
    return CandidateList(
        verdicts={**seated.verdicts, **gone},
        funnel=funnel_without(seated.funnel, [seated.verdicts[one] for one in gone]),
        turns=tuple(agent_id for agent_id in seated.turns if agent_id not in gone),
    )


def funnel_without(funnel: Funnel, verdicts: Collection[Verdict]) -> Funnel:
    """Return the funnel after the memory has refused online members with these verdicts (E63)."""
    under = sum(verdict.kind not in RATE_KINDS for verdict in verdicts)
    return replace(
        funnel,
        under_rate_limit=funnel.under_rate_limit - under,
        with_capacity=funnel.with_capacity - sum(verdict is ELIGIBLE for verdict in verdicts),
    )


def stop(conversation: Conversation, pool: Pool, had: Mapping[int, HadIt]) -> Stop:
    """Return the decision that nobody may take it now, these agents left out."""
    if not had:
        funnel = pool.funnel()
        return Stop(conversation.id, funnel.reason, funnel)
    verdicts = pool.verdicts()
    gone = refused(verdicts, had)
    funnel = funnel_without(pool.funnel(), [verdicts[one] for one in gone])
    free_at = next_slot(verdict for one, verdict in verdicts.items() if one not in gone)
    return Stop(conversation.id, funnel.reason, funnel, len(gone), free_at)


def without_last(seated: CandidateList, conversation: Conversation) -> CandidateList:
    """Return the verdicts with a refusal of the agent it was released from by hand, if they were eligible (E74)."""
    had_by = conversation.had_by
    if had_by is None or seated.verdicts.get(had_by) is not ELIGIBLE:
        return seated
    return without(seated, {had_by: HadIt(conversation.released_at)})
