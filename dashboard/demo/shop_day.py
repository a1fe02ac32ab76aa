"""A simulated day in the demo's helpdesk: customers write, and people there take conversations, answer and resolve."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboard.demo.catalog import Dice
from dashboard.demo.shop_calls import Shop, ShopConversation
from dashboard.demo.shop_content import CHAT, KNOWN, MEMBERS, NORA, ORDERS, QUESTIONS

STEP = timedelta(seconds=2)
MOST_OPEN = 10
# In the inbox in shadow, people take everything by hand; in the live one, hardly anything.
TAKEN_EVERY = {CHAT: timedelta(seconds=15), ORDERS: timedelta(minutes=3)}
ANSWERS_EVERY, RESOLVES_EVERY, WRITES_EVERY = timedelta(seconds=15), timedelta(seconds=60), timedelta(minutes=2)


@dataclass(slots=True, kw_only=True)
class ShopDay:
    """The state of the day there; one step per STEP."""

    dice: Dice
    next_step_at: datetime | None = None
    next_arrival_at: datetime | None = None
    shown: dict[int, bool] = field(default_factory=dict)

    def step(self, shop: Shop, present: Collection[str], now: datetime) -> None:
        """Simulate STEP, in which these agents are present here and there. Raises ShopUnavailable."""
        if self.next_step_at and now < self.next_step_at:
            return
        self.next_step_at = now + STEP
        self._come_and_go(shop, present)
        found = shop.open_conversations()
        self._arrive(shop, found, now)
        for conversation in found:
            self._go_on(shop, conversation)

    def _come_and_go(self, shop: Shop, present: Collection[str]) -> None:
        for number, name in KNOWN.items():
            if self.shown.get(number) is not (name in present):
                self.shown[number] = name in present
                shop.act("agent_online" if self.shown[number] else "agent_busy", agent=number)

    def _arrive(self, shop: Shop, found: Sequence[ShopConversation], now: datetime) -> None:
        if self.next_arrival_at and now < self.next_arrival_at:
            return
        self.next_arrival_at = now + timedelta(seconds=self.dice.uniform(6, 18))
        inbox_id = self.dice.choice((CHAT, ORDERS))
        if Counter(one.inbox_id for one in found)[inbox_id] < MOST_OPEN:
            shop.act("customer_starts", inbox=inbox_id, content=self.dice.choice(QUESTIONS[inbox_id]))

    def _go_on(self, shop: Shop, one: ShopConversation) -> None:
        """Let its agent answer or resolve it, or its customer write again; without assignee, let somebody take it."""
        if one.assignee_id is None:
            if self._happens_every(TAKEN_EVERY[one.inbox_id]) and (takers := self._present(MEMBERS[one.inbox_id])):
                taker = self.dice.choice(takers)
                shop.act("assign_by_hand", conversation=one.id, agent=taker, by=taker)
        elif self._present([one.assignee_id]) and not one.is_answered and self._happens_every(ANSWERS_EVERY):
            shop.act("agent_replies", conversation=one.id, by=one.assignee_id)
        elif self._present([one.assignee_id]) and one.is_answered and self._happens_every(RESOLVES_EVERY):
            shop.act("resolve", conversation=one.id, by=one.assignee_id)
        elif self._happens_every(WRITES_EVERY):
            shop.act("customer_writes", conversation=one.id)

    def _present(self, numbers: Collection[int]) -> list[int]:
        return [number for number in numbers if number == NORA or self.shown.get(number)]

    def _happens_every(self, span: timedelta) -> bool:
        return self.dice.random() < STEP / span
