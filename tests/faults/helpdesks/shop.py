"""A shop whose helpdesk is connected to a running stack, and what must be true of both whatever broke between them."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from rq import Queue
from sqlalchemy import text

from dashboard import clock
from dashboard.store.redis import client
from jobs.rq_queue import HELPDESK, HELPDESK_POLLS
from tests.faults.http import Failed
from tests.faults.load import Load, founded
from tests.faults.stack import Stack
from tests.helpdesks.standin.running import Control

# The promise, in seconds of `stopwatch`.
ASSIGNED_WITHIN = 10.0
APART, KILLS_APART = 0.2, 2.0
PRIORITIES = {"urgent": 1, "high": 2, "medium": 3, "low": 4}
LEASED = text(
    "SELECT id FROM helpdesk_writes WHERE connection_id = :connection AND state = 'writing' AND sent_at < now()"
)
HERE = text("""
SELECT l.external_id, l.inbox_external_id AS inbox, c.status, a.external_id AS owner, t.external_id AS team,
  c.priority, c.labels, c.held_for, l.taken
FROM connected_conversations l
JOIN conversations c ON c.id = l.conversation_id
LEFT JOIN connected_agents a ON a.connection_id = l.connection_id AND a.agent_id = c.assignee_id
LEFT JOIN connected_teams t ON t.connection_id = l.connection_id AND t.team_id = c.team_id
WHERE l.connection_id = :connection AND l.status = 'open'
""")
WAITING = text("""
SELECT l.external_id, l.display_id, c.id FROM connected_conversations l JOIN conversations c ON c.id = l.conversation_id
WHERE l.connection_id = :connection AND c.waiting_since IS NOT NULL
""")
WRITTEN = text("""
SELECT l.external_id, l.display_id
FROM helpdesk_writes w JOIN connected_conversations l ON l.conversation_id = w.conversation_id
WHERE w.connection_id = :connection AND w.state = 'written'
""")
# Each is one decision; of those that were not written, the helpdesk must have seen nothing.
WRITES = text("""
SELECT l.external_id, count(*) FILTER (WHERE w.state = 'written') AS written,
  count(*) FILTER (WHERE w.state = 'written' AND w.kind = 'claim' AND w.confirmed_at IS NOT NULL) AS claimed
FROM helpdesk_writes w JOIN connected_conversations l ON l.conversation_id = w.conversation_id
WHERE w.connection_id = :connection GROUP BY l.external_id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of helpdesk: its cast, its credentials, and its words for an owner's change in the log."""

    name: str
    credentials: Mapping[str, str]
    place: Mapping[str, Any]
    options: Mapping[str, Any]
    inbox: int
    agents: Sequence[int]
    ours: str
    change: str
    owner: str


@dataclass(slots=True, kw_only=True)
class Shop:
    """A connection, live in one inbox; conversations are named by what the stand-in calls them."""

    kind: Kind
    load: Load
    there: Control
    id: int = 0
    live: set[str] = field(default_factory=set)
    kills_at: float = 0.0

    @property
    def stack(self) -> Stack:
        return self.load.stack

    @property
    def account_id(self) -> int:
        return self.load.account_id

    def get(self, path: str = "") -> Any:
        return self.call("GET", path)

    def patch(self, path: str, **body: object) -> Any:
        return self.call("PATCH", path, body)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call the API below the connection."""
        return self.load.api.call(method, f"/api/v1/accounts/{self.account_id}/connections/{self.id}{path}", body)

    def connect(self, *, note: str = "note") -> None:
        """Connect it as an administrator does: everybody an agent of ours, and the inbox live after its first sync."""
        self.introduce(calls_per_second=200, note=note)
        self.goes_live(self.kind.inbox)

    def introduce(self, *, calls_per_second: int, note: str = "off") -> None:
        """Connect it, with everybody an agent of ours, and no inbox chosen."""
        self.load.post("/assignment_policies", {"name": "Default"})
        body = {"kind": self.kind.name, "name": "Shop", "url": self.there.url, "credentials": self.kind.credentials}
        self.id = self.load.post("/connections", body)["id"]
        self.patch("", calls_per_second=calls_per_second, quiet_seconds=0, note=note)
        everybody = {str(agent) for agent in self.kind.agents}
        self.stack.until(lambda: everybody <= {one["external_id"] for one in self.get("/agents")["data"]})
        for agent in sorted(everybody):
            self.patch(f"/agents/{agent}", agent_id="new")

    def goes_live(self, inbox: int) -> None:
        """Let decisions of an inbox be written as soon as everything was read."""
        self.patch(f"/inboxes/{inbox}", mode="shadow")
        self.stack.until(lambda: self._may_go_live(inbox))
        self.live.add(str(inbox))

    def is_ready(self) -> bool:
        return bool(self.get()["state"] == "ready")

    def _may_go_live(self, inbox: int) -> bool:
        """Go live, which is refused before the first sync has ended."""
        with suppress(Failed):
            return bool(self.patch(f"/inboxes/{inbox}", mode="live")["mode"] == "live")
        return False

    def customers(self, count: int, *, inbox: int | None = None) -> list[Any]:
        """Let customers begin this many conversations; return what the helpdesk calls them."""
        return [self.there.act("customer_starts", inbox=inbox or self.kind.inbox) for _ in range(count)]

    def is_busy_for(self, seconds: float, each: Callable[[], object] = lambda: None) -> None:
        """Let customers come for this long, and mend what dies meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.customers(1)
            self.stack.mend()
            each()
            time.sleep(APART)

    def reconcile(self) -> None:
        """Have everything read now instead of in a minute."""
        self.call("POST", "/sync")

    def heals(self) -> None:
        """Fail unless both sides agree in time, and nobody waits whom somebody could take; then look at the rest."""
        left = ["nothing was compared"]

        def is_whole() -> bool:
            left[:] = [*self.differences(), *self.waiting()]
            return not left

        try:
            self.stack.until(is_whole, ASSIGNED_WITHIN)
        except AssertionError as late:
            state = self.get()
            raise AssertionError(f"{late} {state['state']}: {state['sentence']} {'; '.join(left[:8])}") from None
        self.check()

    def rests(self) -> None:
        """Wait until each webhook was answered, and until what they started has ended."""
        self.there.delivered()
        with closing(client.connect(self.stack.settings.redis_url, text=False)) as redis:
            queues = [Queue(name, connection=redis) for name in (HELPDESK, HELPDESK_POLLS)]
            self.stack.until(lambda: not any(one.count or one.started_job_registry.count for one in queues))

    def reasons(self) -> dict[str, str]:
        """Return why each conversation waits here, by both of its ids there."""
        found = {}
        for row in self.rows(WAITING):
            path = f"/api/v1/accounts/{self.account_id}/conversations/{row['id']}/explanation"
            with suppress(Failed):  # somebody there has taken it since
                reason = self.load.api.call("GET", path)["reason"]
                found |= {row["external_id"]: reason, row["display_id"]: reason}
        return found

    def agrees(self) -> None:
        """Wait until the mirror equals the helpdesk, whoever waits."""
        self.stack.until(lambda: not self.differences(), ASSIGNED_WITHIN)
        self.check()

    def waiting(self) -> list[str]:
        """Return what has no owner there, except what a person's choice keeps from being decided."""
        held = {one["external_id"] for one in self.rows(HERE) if one["held_for"] == "hands_off"}
        open_ones = (one for one in self.there.state() if one["status"] == "open" and self.is_mirrored(one))
        return [f"{one['id']} waits" for one in open_ones if one["owner"] is None and one["id"] not in held]

    def differences(self) -> list[str]:
        """Return in what the mirror of the open conversations differs from the helpdesk's own state."""
        here = {one["external_id"]: one for one in self.rows(HERE)}
        there = {one["id"]: one for one in self.there.state() if one["status"] == "open" and self.is_mirrored(one)}
        ours = {agent["external_id"] for agent in self.get("/agents")["data"] if agent["agent_id"] is not None}
        wrong = [f"{one} is not there" for one in here.keys() - there.keys()]
        wrong += [f"{one} is not here" for one in there.keys() - here.keys()]
        for one in here.keys() & there.keys():
            seen, meant = _seen(here[one]), _meant(there[one], ours)
            wrong += [f"{one} is {seen} here and {meant} there"] if seen != meant else []
        return sorted(wrong)

    def check(self) -> None:
        """Fail if a decision was written or explained twice. A write is recorded a little after it took effect."""
        found: list[str] = []

        def is_sound() -> bool:
            found[:] = self.doubled()
            return not found

        try:
            self.stack.until(is_sound, ASSIGNED_WITHIN)
        except AssertionError as late:
            raise AssertionError(f"{late} {'; '.join(found[:8])}") from None

    def doubled(self) -> list[str]:
        """Return the conversations with more assignments or notes of ours than writes."""
        writes = {row["external_id"]: row for row in self.rows(WRITES)}
        state = self.there.state()
        ids = {str(one[name]): one["id"] for one in state for name in ("id", "display_id")}
        given = Counter(ids[one] for one in self.ours() if one in ids)
        noted = {one["id"]: one["notes"] for one in state if one["notes"]}
        none = {"written": 0, "claimed": 0}
        often = [f"{one}: {n} assignments" for one, n in given.items() if n > writes.get(one, none)["written"]]
        again = [f"{one['conversation']}: assigned again" for one in self._changes() if one["what"] == "assigned_again"]
        return often + again + [f"{one}: {n} notes" for one, n in noted.items() if n > writes.get(one, none)["claimed"]]

    def ours(self) -> list[str]:
        """Return the conversation of each assignment of ours that took effect there."""
        given = (
            one for one in self._changes() if one["what"] == self.kind.change and one.get(self.kind.owner) is not None
        )
        return [str(one["conversation"]) for one in given]

    def unanswered(self) -> set[str]:
        """Return the conversations with an assignment of ours that was answered by an error, as its path names them."""
        calls = (one for one in self.there.log()["requests"] if one["method"] != "GET" and "/assign" in one["path"])
        failed = (one["path"] for one in calls if one["status"] == HTTPStatus.INTERNAL_SERVER_ERROR)
        return {path.partition("/conversations/")[2].partition("/")[0] for path in failed}

    def written(self) -> set[str]:
        """Return the conversations whose writes are recorded as done, by both of their ids there."""
        return {row[name] for row in self.rows(WRITTEN) for name in ("external_id", "display_id")}

    def _changes(self) -> list[dict[str, Any]]:
        """Return what we changed there."""
        return [one for one in self.there.log()["changes"] if one["actor"] == self.kind.ours]

    def kills(self, name: str) -> None:
        """Kill a process now and then."""
        if time.monotonic() > self.kills_at:
            self.stack.kept[name].kill(whole=True)
            self.kills_at = time.monotonic() + KILLS_APART

    def is_mirrored(self, one: Mapping[str, Any]) -> bool:
        """Return whether a conversation is in an inbox that is mirrored."""
        return one["inbox"] in self.live

    def rows(self, query: Any, **values: object) -> Sequence[Mapping[str, Any]]:
        with self.stack.session() as session:
            return session.execute(query, {"connection": self.id, **values}).mappings().all()

    def events(self, kind: str) -> list[str]:
        """Return the causes of the newest events of a kind."""
        return [one["cause"] for one in self.get("/events?per_page=100")["data"] if one["kind"] == kind]

    def owners(self) -> dict[str, str | None]:
        """Return who has each conversation over there, by both of its ids."""
        return {str(one[name]): one["owner"] for one in self.there.state() for name in ("id", "display_id")}


def _seen(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (row["status"], row["inbox"], row["owner"], row["team"], row["priority"], sorted(row["labels"]))


def _meant(one: Mapping[str, Any], ours: set[str]) -> tuple[object, ...]:
    """Return the helpdesk's state in our words: what a stranger owns is pending here."""
    is_foreign = one["owner"] is not None and one["owner"] not in ours
    owner = None if is_foreign else one["owner"]
    status = "pending" if is_foreign else "open"
    return (status, one["inbox"], owner, one["team"], PRIORITIES.get(one["priority"] or ""), sorted(one["labels"]))


@contextmanager
def connected(stack: Stack, there: Control, kind: Kind) -> Iterator[Shop]:
    """A shop of its own with an account of its own; disconnected afterwards."""
    there.reset(**kind.options)
    there.clock(now=clock.now().isoformat(), runs=True)
    there.load(**kind.place)
    shop = Shop(kind=kind, load=founded(stack), there=there)
    stack.until(stack.is_ready)
    shop.connect()
    try:
        yield shop
    finally:
        there.end_faults()
        stack.until(stack.is_ready)
        shop.call("DELETE", "?keep=false")
