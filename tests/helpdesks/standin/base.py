"""The part that all stand-ins share. A subclass is the helpdesk: it loads, acts and answers, under one lock."""

import random
from collections.abc import Mapping
from threading import RLock
from typing import Any

from tests.helpdesks.standin.clock import Clock
from tests.helpdesks.standin.deliveries import Behaviour, Deliveries
from tests.helpdesks.standin.faults import Fault, Faults
from tests.helpdesks.standin.log import MOST, Log
from tests.helpdesks.standin.messages import Reply, Request
from tests.helpdesks.standin.timers import Timers


class Standin:
    """One helpdesk in memory. Whoever touches the model holds `lock`."""

    newest = "1.0.0"
    # Entries of the log.
    remembers = MOST

    def __init__(self) -> None:
        self.lock, self.clock, self.log = RLock(), Clock(), Log(self.remembers)
        self.deliveries = Deliveries(self.log, self.clock.now, self.lock)
        self.timers = Timers(self.clock.now, self.lock)
        self.faults, self.races = Faults(1), list[dict[str, Any]]()
        self.options: Mapping[str, Any] = {}
        self.reset({})

    def reset(self, how: Mapping[str, Any]) -> None:
        """Empty the model; `seed` and `version` are common, every other key is an option of the helpdesk."""
        seed, self.version = how.get("seed", 1), str(how.get("version", self.newest))
        self.options, self.random = dict(how), random.Random(seed)
        self.faults.clear()
        self.faults = Faults(seed)
        self.races.clear()
        self.timers.clear()
        self.deliveries.reset(seed)
        self.log.clear()
        self.empty()

    def at_least(self, version: str) -> bool:
        """Return whether the stand-in plays this version or a newer one."""
        return numbers(self.version) >= numbers(version)

    def empty(self) -> None:
        """Forget the model."""
        raise NotImplementedError

    def load(self, things: Mapping[str, Any]) -> Any:
        """Add to the model; return what the caller needs to know, such as tokens."""
        raise NotImplementedError

    def act(self, act: Mapping[str, Any]) -> Any:
        """Let somebody there do something; `do` names it."""
        raise NotImplementedError

    def answer(self, request: Request) -> Reply:
        """Answer a request of the helpdesk's API."""
        raise NotImplementedError

    def state(self) -> list[dict[str, Any]]:
        """Return all conversations: id, display_id, inbox, status, owner, team, priority, labels, notes.

        The words are those of the port; `owner` is an agent's id, and `notes` is how many private ones there are.
        """
        raise NotImplementedError

    def serve(self, request: Request) -> Reply:
        """Answer a request with the fault that waits for it; ConnectionAbortedError ends the connection instead."""
        status = None
        try:
            reply = self._suffer(request)
            status = reply.status
            return reply
        finally:
            self.log.request(request, status, self.clock.now())

    def moment(self, when: str, request: Request) -> None:
        """Run the races of this moment: `before` and `after` by the base, `between` by the helpdesk's writes."""
        ready = [race for race in self.races if race["when"] == when and _is_on(race, request)]
        for race in ready:
            race["times"] = race.get("times", 1) - 1
            if race["times"] <= 0:
                self.races.remove(race)
            self.act({**_named(request), **race["do"]})

    def control(self, what: str, body: Mapping[str, Any]) -> Any:
        """Answer a call of the control interface."""
        with self.lock:
            match what:
                case "reset" | "load" | "act":
                    return getattr(self, what)(body)
                case "state" | "log":
                    return self.state() if what == "state" else self.read_log()
                case "clock":
                    self.clock.turn(**body)
                    self.timers.run()
                    return {"now": self.clock.now().isoformat()}
                case "fault":
                    return self.faults.clear() if body.get("clear") else self.faults.add(Fault(**body))
                case "webhooks":
                    self.deliveries.behaviour = Behaviour(**body)
                case "race":
                    self.races.append(dict(body))
                case "option":
                    self.options = {**self.options, **body}
                case _:
                    raise ValueError(f"There is no control call {what}.")
        return None

    def read_log(self) -> dict[str, Any]:
        """Return what it saw and did, and how many deliveries are still to come."""
        return {**self.log.read(), "undelivered": self.deliveries.waiting()}

    def _suffer(self, request: Request) -> Reply:
        fault = self.faults.take(request)
        if fault and (instead := self.faults.early(fault)):
            return instead
        with self.lock:
            self.moment("before", request)
            reply = self.answer(request)
            self.moment("after", request)
        return self.faults.late(fault, reply) if fault else reply


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(int(part) for part in version.partition("-")[0].split("."))


def _is_on(race: Mapping[str, Any], request: Request) -> bool:
    return request.method != "GET" and race["on"] in request.path


def _named(request: Request) -> dict[str, Any]:
    """Return the conversation that a request names, so that a race need not."""
    parts = request.segments
    place = parts.index("conversations") + 1 if "conversations" in parts else len(parts)
    return {"conversation": parts[place]} if place < len(parts) else {}
