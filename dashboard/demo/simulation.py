"""A simulated day in the demo account: customers write, agents answer, leave and return, all through the services."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboard.demo.catalog import EVERYTHING, Dice, Places, arriving, places_of
from dashboard.demo.content import ASLEEP, BULK_MAIL, CREWS, Department
from dashboard.engine.model import AssignmentType, Presence, Status
from dashboard.services.agents import presence
from dashboard.services.conversations import change, conversations
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.conversations.lists import ConversationFilter
from dashboard.store.core.paging import Page

STEP = timedelta(seconds=1)
# The ways to leave; None sends no availability, like a closed laptop.
WAYS_TO_LEAVE = (Presence.BUSY, Presence.AWAY, Presence.AWAY_MANUAL, Presence.AWAY_AND_REASSIGNING, None)
STAYS_FOR, AWAY_FOR = timedelta(minutes=4), timedelta(seconds=75)
WRITES_EVERY, BY_HAND_EVERY = timedelta(minutes=2), timedelta(seconds=40)


@dataclass(slots=True, kw_only=True)
class Day:
    """The state of the simulated day; one step per second."""

    places: Places
    dice: Dice
    next_arrival_at: datetime | None = None
    next_beat_at: datetime | None = None
    back_at: dict[int, datetime] = field(default_factory=dict)
    here: set[int] = field(default_factory=set)

    @property
    def present(self) -> frozenset[str]:
        """Return the names of the present agents."""
        return frozenset(name for name, agent_id in self.places.agents.items() if agent_id in self.here)

    def step(self, work: UnitOfWork, now: datetime) -> None:
        """Simulate one second. Raises StoreUnavailable and DatabaseFailed."""
        self._come_and_go(work, now)
        self._beat(work, now)
        self._arrive(work, now)
        if self._happens_every(BY_HAND_EVERY):
            self._work_by_hand(work, now)
        for conversation in self._held(work):
            self._go_on(work, conversation, now)

    def _come_and_go(self, work: UnitOfWork, now: datetime) -> None:
        for name, agent_id in self.places.agents.items():
            if name in ASLEEP:
                continue
            if agent_id in self.here and self._happens_every(STAYS_FOR):
                self._leave(work, agent_id, now)
            elif agent_id not in self.here and now >= self.back_at.get(agent_id, now):
                self._set(work, agent_id, Presence.ONLINE, now)
                self.here.add(agent_id)

    def _leave(self, work: UnitOfWork, agent_id: int, now: datetime) -> None:
        if way := self.dice.choice(WAYS_TO_LEAVE):
            self._set(work, agent_id, way, now)
        self.here.discard(agent_id)
        self.back_at[agent_id] = now + AWAY_FOR * self.dice.uniform(0.3, 1.7)

    def _set(self, work: UnitOfWork, agent_id: int, availability: Presence, now: datetime) -> None:
        work.finished(
            presence.set_availability(
                work,
                self.places.account_id,
                agent_id,
                availability=availability,
                auto_offline=None,
                by_hand=True,
                now=now,
            )
        )

    def _beat(self, work: UnitOfWork, now: datetime) -> None:
        if self.next_beat_at and now < self.next_beat_at:
            return
        self.places = places_of(work, self.places.account_id, now)
        self.here &= set(self.places.agents.values())
        work.finished(presence.heartbeat(work, self.places.account_id, self.here, now=now))
        self.next_beat_at = now + timedelta(seconds=min(20.0, work.settings.presence_seconds / 3))

    def _arrive(self, work: UnitOfWork, now: datetime) -> None:
        if self.next_arrival_at and now < self.next_arrival_at:
            return
        self.next_arrival_at = now + timedelta(seconds=self.dice.uniform(1, 3))
        for department in self._drawn():
            self._give_up(work, department, now)
            draft = arriving(self.places, department, self.dice, at=now)
            work.finished(conversations.create(work, self.places.account_id, draft, actor_id=None, now=now))

    def _drawn(self) -> list[Department]:
        """Draw the department of the next conversation; empty if visitors removed all departments."""
        departments = self.places.departments
        return self.dice.choices(departments, [one.share for one in departments]) if departments else []

    def _work_by_hand(self, work: UnitOfWork, now: datetime) -> None:
        """Handle the conversations that runs leave to people: resolve mass mail, assign those of a manual team."""
        waiting = conversations.listing(work, self.places.account_id, ConversationFilter(waiting=True), EVERYTHING).data
        for one in waiting:
            if BULK_MAIL in one.labels:
                self._resolve(work, one, now)
            elif takers := self._takers(one.team_id):
                agent_id = self.dice.choice(takers)
                taken = ConversationChange(assignee_id=agent_id)
                work.finished(change.change(work, self.places.account_id, one.id, taken, actor_id=agent_id, now=now))

    def _takers(self, team_id: int | None) -> list[int]:
        """Return the present members of a manual team."""
        manual = [crew for crew in CREWS if crew.assignment_type is AssignmentType.MANUAL]
        names = [name for crew in manual if self.places.teams.get(crew.name) == team_id for name in crew.members]
        return [agent_id for name in names if (agent_id := self.places.agents.get(name)) in self.here]

    def _give_up(self, work: UnitOfWork, department: Department, now: datetime) -> None:
        """Resolve the conversation with the longest wait if too many wait, so that the demo can run for weeks."""
        wanted = ConversationFilter(inbox_id=self.places.inboxes[department.name], waiting=True)
        waiting = conversations.listing(work, self.places.account_id, wanted, Page(per_page=1))
        if waiting.meta.count >= department.most_waiting:
            self._resolve(work, waiting.data[0], now)

    def _held(self, work: UnitOfWork) -> tuple[ConversationRow, ...]:
        wanted = ConversationFilter(status=Status.OPEN, waiting=False)
        held = conversations.listing(work, self.places.account_id, wanted, EVERYTHING).data
        return tuple(one for one in held if one.inbox_id not in self.places.elsewhere)

    def _go_on(self, work: UnitOfWork, conversation: ConversationRow, now: datetime) -> None:
        """Resolve the conversation sometimes if its agent is present; otherwise let its customer write again."""
        is_here = conversation.assignee_id in self.here
        if is_here and self._happens_every(self._handled_in(conversation)):
            self._resolve(work, conversation, now)
        elif self._happens_every(WRITES_EVERY):
            kind = MessageType.OUTGOING if is_here and self.dice.random() < 0.5 else MessageType.INCOMING
            said = Message(message_type=kind)
            work.finished(change.message(work, self.places.account_id, conversation.id, said, actor_id=None, now=now))

    def _handled_in(self, conversation: ConversationRow) -> timedelta:
        by_inbox = {self.places.inboxes[one.name]: one.handled_in for one in self.places.departments}
        return by_inbox.get(conversation.inbox_id, STAYS_FOR)

    def _resolve(self, work: UnitOfWork, conversation: ConversationRow, now: datetime) -> None:
        wanted = ConversationChange(status=Status.RESOLVED)
        work.finished(change.change(work, self.places.account_id, conversation.id, wanted, actor_id=None, now=now))

    def _happens_every(self, span: timedelta) -> bool:
        return self.dice.random() < STEP / span
