"""Customers, agents and supervisors' tabs, in one process beside the stack: who arrives, who is there, who looks."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle

from sqlalchemy import text

from dashboard.store.postgres.database import Engine
from tests.soak.floor import ACCOUNT, INBOXES, Floor

BEAT_EVERY = 20.0
POLL_EVERY = 2.0
TICK = 0.1
PATIENCE = 15.0
HANDLED_FOR = "20 s"
AT_ONCE = 32
HANDLED = text(
    """
    SELECT id FROM conversations
    WHERE account_id = 1 AND status = 'open' AND assignee_id IS NOT NULL
      AND assigned_at < now() - CAST(:handled_for AS interval)
    ORDER BY assigned_at LIMIT 500
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was done, what was refused, and how long pages took."""

    taken: int = 0
    resolved: int = 0
    beats: int = 0
    polls: int = 0
    unchanged: int = 0
    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Load:
    """Everybody, until the time is over."""

    port: int
    floor: Floor
    rate: int
    tokens: list[str]
    cookies: list[str]
    engine: Engine
    until: float
    tally: Tally = field(default_factory=Tally)
    bearers: Iterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.bearers = cycle(self.tokens)

    async def run(self) -> Tally:
        """Go on until the time is over."""
        tabs = [self._look(one) for one in self.cookies]
        await asyncio.gather(self._arrive(), self._stay(), self._handle(), *tabs)
        return self.tally

    async def _arrive(self) -> None:
        """Bring in as many conversations as are due by the clock, ten times a second."""
        began, offered = time.monotonic(), 0
        while self._goes_on():
            due = int((time.monotonic() - began) * self.rate) - offered
            drafts = [self._draft(offered + one) for one in range(min(due, 1_000))]
            offered += len(drafts)
            if drafts and await self._post("/conversations/bulk", {"conversations": drafts}):
                self.tally.taken += len(drafts)
            await asyncio.sleep(TICK)

    async def _stay(self) -> None:
        """Let each agent be heard of every twenty seconds, a twentieth of them in each."""
        shares, began = int(BEAT_EVERY), time.monotonic()
        for second in count():
            await asyncio.sleep(max(0.0, began + second * BEAT_EVERY / shares - time.monotonic()))
            if not self._goes_on():
                return
            share = second % shares
            ids = [one for one in self.floor.agent_ids if one % shares == share]
            if await self._post("/heartbeats", {"agent_ids": ids}):
                self.tally.beats += len(ids)

    async def _handle(self) -> None:
        """Resolve what agents have had for a while."""
        turn = asyncio.Semaphore(AT_ONCE)
        while self._goes_on():
            ids = await asyncio.to_thread(self._handled)
            await asyncio.gather(*(self._within(turn, lambda one=one: self._resolve(one)) for one in ids))  # type: ignore[misc]
            await asyncio.sleep(TICK)

    async def _look(self, cookie: str) -> None:
        """Poll the board as a tab does, saying which version it shows."""
        await asyncio.sleep(random.random() * POLL_EVERY)
        shown = "none"
        while self._goes_on():
            began = time.monotonic()
            headers = {"Cookie": cookie, "HX-Request": "true", "HX-Request-Type": "partial", "HX-PTag": shown}
            answer = await self._ask("GET", "/", {**headers, "Accept-Encoding": "gzip"})
            if answer:
                self.tally.polls += 1
                self.tally.unchanged += answer.status == 304
                self.tally.seconds.append(time.monotonic() - began)
                shown = answer.headers.get("hx-ptag", shown)
            await asyncio.sleep(max(0.0, POLL_EVERY - (time.monotonic() - began)))

    async def _resolve(self, conversation_id: int) -> None:
        done = await self._post(f"/conversations/{conversation_id}/toggle_status", {"status": "resolved"})
        self.tally.resolved += done

    async def _within(self, turn: asyncio.Semaphore, act: Callable[[], Awaitable[None]]) -> None:
        async with turn:
            if self._goes_on():
                await act()

    async def _post(self, path: str, body: object) -> bool:
        headers = {"Authorization": f"Bearer {next(self.bearers)}", "Content-Type": "application/json"}
        return bool(await self._ask("POST", f"/api/v1/accounts/{ACCOUNT}{path}", headers, json.dumps(body).encode()))

    async def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes = b"") -> Answer | None:
        """Return the answer; anything but yes is an error, by what it was."""
        try:
            answer = await asyncio.wait_for(ask(self.port, f"{method} {path}", headers, body), PATIENCE)
        except (OSError, EOFError, TimeoutError) as error:
            self.tally.errors[f"{method} {path[:20]}: {type(error).__name__}"] += 1
            return None
        if answer.status >= 300 and answer.status != 304:
            self.tally.errors[f"{method} {path[:20]}: {answer.status} {answer.body[:100]!r}"] += 1
            return None
        return answer

    def _draft(self, number: int) -> dict[str, object]:
        contact = {"identifier": f"caller-{number % 10_000}"}
        return {"inbox_id": 1 + number % INBOXES, "subject": f"Question {number}", "contact": contact}

    def _handled(self) -> list[int]:
        with self.engine.connect() as connection:
            return list(connection.execute(HANDLED, {"handled_for": HANDLED_FOR}).scalars())

    def _goes_on(self) -> bool:
        return time.monotonic() < self.until


async def ask(port: int, what: str, headers: dict[str, str], body: bytes) -> Answer:
    """Send one request on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        said = {**headers, "Host": "127.0.0.1", "Connection": "close", "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        writer.write(f"{what} HTTP/1.1\r\n{head}\r\n".encode() + body)
        answered = await reader.read()
    finally:
        writer.close()
    if not answered:
        raise EOFError
    head_said, _, rest = answered.partition(b"\r\n\r\n")
    status, *lines = head_said.decode("latin-1").split("\r\n")
    found = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Answer(status=int(status.split()[1]), headers=found, body=rest)
