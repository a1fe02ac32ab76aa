"""The event loop of a simulated day: an event changes the state, and the engine's `plan` decides what follows."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from dashboard.engine.decisions import Assign
from dashboard.simulation.agenda import Agenda, Ended, Event, Left, TakenByHand, WakeUp
from dashboard.simulation.agents import AgentLoad
from dashboard.simulation.inbox import SimulatedInbox
from dashboard.simulation.model import Arrival, ArrivalOutcome, PresenceChange, RulesChange, SimulatedDay

LAST = datetime.max.replace(tzinfo=UTC)


def simulate(day: SimulatedDay) -> Sequence[ArrivalOutcome]:
    """Return what became of each arrival, in the order of the arrivals."""
    return _Simulation(day).run()


class _Simulation:
    """The state of one run through a day: the inboxes, the agents, and the events to come."""

    def __init__(self, day: SimulatedDay) -> None:
        self._day = day
        self._arrivals = iter(day.arrivals)
        self._agenda = Agenda()
        self._agents: defaultdict[int, AgentLoad] = defaultdict(AgentLoad)
        self._inboxes = {rules.inbox.id: SimulatedInbox(rules, self._agents) for rules in day.inboxes}
        self._outcomes: list[ArrivalOutcome] = []
        # The outcomes of waiting conversations, by conversation id.
        self._waiting: dict[int, ArrivalOutcome] = {}
        self._served: Counter[int] = Counter()
        self._wakes_at: dict[int, datetime] = {}
        self._inboxes_of: dict[int, Sequence[SimulatedInbox]] = {}

    def run(self) -> Sequence[ArrivalOutcome]:
        """Play the events until the day ends."""
        for change in self._day.changes:
            self._agenda.add(change.at, change)
        self._expect_arrival()
        while self._agenda:
            now, event = self._agenda.next()
            if now > self._day.ends_at:
                break
            for inbox in self._happen(event, now):
                self._assign(inbox, now)
        return self._outcomes

    def _happen(self, event: Event, now: datetime) -> Iterable[SimulatedInbox]:
        """Change the state by an event; return the inboxes in which a plan may assign something now."""
        match event:
            case Arrival():
                return self._arrive(event)
            case Ended():
                return self._end(event)
            case Left():
                return self._leave(event.outcome, now)
            case TakenByHand():
                return self._take_by_hand(event.outcome, now)
            case PresenceChange():
                self._agents[event.agent_id].presence = event.presence
                return self._look_again_at(event.agent_id)
            case RulesChange():
                return self._change_rules(event)
            case WakeUp():
                return self._wake(event.inbox_id)

    def _arrive(self, arrival: Arrival) -> Iterable[SimulatedInbox]:
        outcome, inbox = ArrivalOutcome(arrival=arrival), self._inboxes[arrival.inbox_id]
        self._outcomes.append(outcome)
        self._expect_arrival()
        if arrival.by_hand:
            self._agenda.add(arrival.by_hand.at, TakenByHand(outcome))
            return ()
        self._waiting[arrival.conversation.id] = outcome
        inbox.waiting.add(arrival.conversation)
        if arrival.patience is not None:
            self._agenda.add(arrival.at + arrival.patience, Left(outcome))
        return (inbox,) if inbox.waiting.may_go(arrival.conversation, arrival.at) else ()

    def _end(self, ended: Ended) -> Iterable[SimulatedInbox]:
        arrival, agent_id = ended.outcome.arrival, ended.outcome.agent_id
        assert agent_id is not None
        self._agents[agent_id].finish(arrival.inbox_id, ended.weight)
        if arrival.conversation.contact_id is not None:
            self._served[arrival.conversation.contact_id] -= 1
        return [*self._look_again_at(agent_id), *(one for one in self._inboxes.values() if one.is_one_per_contact)]

    def _leave(self, outcome: ArrivalOutcome, now: datetime) -> Iterable[SimulatedInbox]:
        if outcome.assigned_at is None:
            outcome.left_at = now
            del self._waiting[outcome.arrival.conversation.id]
            self._inboxes[outcome.arrival.inbox_id].waiting.remove(outcome.arrival.conversation)
        return ()

    def _take_by_hand(self, outcome: ArrivalOutcome, now: datetime) -> Iterable[SimulatedInbox]:
        assert outcome.arrival.by_hand
        outcome.is_by_hand = True
        self._take(outcome, outcome.arrival.by_hand.agent_id, now)
        return ()

    def _change_rules(self, change: RulesChange) -> Iterable[SimulatedInbox]:
        inbox = self._inboxes[change.rules.inbox.id]
        inbox.change(change.rules)
        self._inboxes_of.clear()
        return (inbox,)

    def _wake(self, inbox_id: int) -> Iterable[SimulatedInbox]:
        self._wakes_at.pop(inbox_id, None)
        self._inboxes[inbox_id].waiting.reopen()
        return (self._inboxes[inbox_id],)

    def _look_again_at(self, agent_id: int) -> Sequence[SimulatedInbox]:
        """Return the agent's inboxes, in which the agent may take more than before."""
        theirs = self._of_agent(agent_id)
        for inbox in theirs:
            inbox.agents.changed(agent_id)
            inbox.waiting.reopen()
        return theirs

    def _assign(self, inbox: SimulatedInbox, now: datetime) -> None:
        """Have the engine plan, and count its assignments."""
        for planned in inbox.plans(self._served, now):
            for one in planned.decisions:
                if isinstance(one, Assign):
                    self._agents[one.agent_id].count(inbox.id, now)
                    self._take(self._waiting.pop(one.conversation_id), one.agent_id, now)
        if at := inbox.wakes_at(now):
            self._wake_at(inbox.id, at)

    def _take(self, outcome: ArrivalOutcome, agent_id: int, now: datetime) -> None:
        """Count a conversation in its agent's load, until it ends."""
        arrival, inbox = outcome.arrival, self._inboxes[outcome.arrival.inbox_id]
        outcome.agent_id, outcome.assigned_at = agent_id, now
        weight = inbox.rules.inbox.weight
        self._agents[agent_id].take(arrival.inbox_id, weight)
        for other in self._of_agent(agent_id):
            other.agents.changed(agent_id)
        if arrival.conversation.contact_id is not None:
            self._served[arrival.conversation.contact_id] += 1
        outcome.ends_at = now + arrival.lasts_for * self._day.pace.get(agent_id, 1)
        self._agenda.add(outcome.ends_at, Ended(outcome, weight))

    def _of_agent(self, agent_id: int) -> Sequence[SimulatedInbox]:
        if agent_id not in self._inboxes_of:
            self._inboxes_of[agent_id] = [one for one in self._inboxes.values() if agent_id in one.agents]
        return self._inboxes_of[agent_id]

    def _wake_at(self, inbox_id: int, at: datetime) -> None:
        """Plan the inbox at this instant, unless it will be earlier; every plan names its next instant."""
        if at < self._wakes_at.get(inbox_id, LAST):
            self._wakes_at[inbox_id] = at
            self._agenda.add(at, WakeUp(inbox_id))

    def _expect_arrival(self) -> None:
        if arrival := next(self._arrivals, None):
            self._agenda.add(arrival.at, arrival)
