"""The waiting conversations of one simulated inbox, and the pools that the last plan left without anybody."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from datetime import datetime

from dashboard.engine.decisions import Assign, Plan, Reason, Skip
from dashboard.engine.model import Conversation, PoolKey
from dashboard.engine.ordering import ORDER, Key
from dashboard.engine.policy import DEFAULT_POLICY, AssignmentPolicy
from dashboard.engine.pools import pool_key

# The refusals that hold for as long as the rules do.
LASTING = frozenset({Reason.EXCLUDED_LABEL, Reason.EXCLUDED_AGE})


class Waiting:
    """Conversations in the policy's order.

    A plan tells which pools have nobody left. Until an agent or the rules change, the conversations of these pools need
    no other plan. So an event costs as much with a thousand waiting conversations as with one.
    """

    def __init__(self, policy: AssignmentPolicy | None, conversations: Sequence[Conversation] = ()) -> None:
        self._policy = policy or DEFAULT_POLICY
        self._key = ORDER[self._policy.conversation_priority]
        self._line: list[tuple[Key, Conversation]] = sorted((self._key(one), one) for one in conversations)
        self._excluded: dict[int, Conversation] = {}
        self._closed: set[PoolKey] = set()

    def __bool__(self) -> bool:
        return bool(self._line)

    def all(self) -> list[Conversation]:
        """Return all conversations, with those that the rules exclude."""
        return [*(one for _, one in self._line), *self._excluded.values()]

    def add(self, conversation: Conversation) -> None:
        """Add a conversation at its place in the order."""
        insort(self._line, (self._key(conversation), conversation))

    def remove(self, conversation: Conversation) -> None:
        """Remove a conversation that no longer waits."""
        if self._excluded.pop(conversation.id, None) is None:
            del self._line[bisect_left(self._line, (self._key(conversation),))]

    def reopen(self) -> None:
        """Forget which pools had nobody left."""
        self._closed.clear()

    def may_go(self, conversation: Conversation, now: datetime) -> bool:
        """Return whether a plan could assign the conversation now."""
        key, policy = pool_key(conversation, self._policy, now), self._policy
        if key not in self._closed:
            return True
        beyond = PoolKey(policy.overflow_team_id, key.skills, is_overflow=True)
        return policy.overflows_after is not None and beyond not in self._closed

    def slices(self, now: datetime) -> Iterator[Sequence[Conversation]]:
        """Yield the conversations for one plan after the other: the first, then 2, 4, 8 and so on.

        The plan of a slice usually closes the last pool, which ends the slices early.
        """
        line, first = [one for _, one in self._line], 0
        while first < len(line):
            past = 2 * first + 1
            if going := [one for one in line[first:past] if self.may_go(one, now)]:
                yield going
            first = past

    def learn(self, plan: Plan, conversations: Sequence[Conversation]) -> None:
        """Remove the assigned and the excluded ones of the planned conversations, and note the closed pools."""
        for conversation, decision in zip(conversations, plan.decisions, strict=True):
            if isinstance(decision, Assign):
                self.remove(conversation)
            elif isinstance(decision, Skip) and decision.reason in LASTING:
                self.remove(conversation)
                self._excluded[conversation.id] = conversation
        self._closed.update(key for key, state in plan.standings.items() if state.reason)

    def widens_at(self, now: datetime) -> Iterator[datetime]:
        """Yield the instants to come at which more agents may take a conversation: skills relax, or it overflows."""
        for conversation in (one for _, one in self._line):
            since, spans = conversation.waiting_since, [self._policy.overflows_after]
            if conversation.skills:
                spans.append(self._policy.relaxes_after)
            yield from (since + span for span in spans if since and span and since + span > now)
