"""Open tabs, in a process of their own: python -m tests.benchmarks.tabs PLAN < cookies."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from time import perf_counter, process_time

POLL = 2.0
TIMEOUT = 5.0
FIRST = -10
# What is read is looked at only for its head, so that hundreds of tabs cost the machine little.
BUFFER = memoryview(bytearray(2**20))


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the tabs met: seconds per answer by status, and what went wrong."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


class Answer(asyncio.BufferedProtocol):
    """One connection, and the head of the answer that is on its way."""

    def __init__(self) -> None:
        self.closed = False
        self.head = b""
        self.missing = 0
        self.done: asyncio.Future[bytes] | None = None

    def get_buffer(self, sizehint: int) -> memoryview:
        return BUFFER

    def buffer_updated(self, size: int) -> None:
        if self.missing:
            self.missing -= size
        else:
            self._begin(self.head + bytes(BUFFER[:size]))
        if self.done and not self.done.done() and not self.missing and self.head.endswith(b"\r\n\r\n"):
            self.done.set_result(self.head)

    def _begin(self, read: bytes) -> None:
        head, end, body = read.partition(b"\r\n\r\n")
        self.head = head + end
        if end:
            _, _, length = head.lower().partition(b"\r\ncontent-length: ")
            self.missing = int(length.split(b"\r\n")[0] or 0) - len(body)

    def connection_lost(self, _error: Exception | None) -> None:
        self.closed = True
        if self.done and not self.done.done():
            self.done.set_exception(EOFError("closed before it answered"))

    def ask(self) -> asyncio.Future[bytes]:
        """Return what will be the next answer's head, when all of its body is there."""
        self.head, self.missing = b"", 0
        self.done = asyncio.get_running_loop().create_future()
        return self.done


@dataclass(slots=True, kw_only=True)
class Tab:
    """One browser tab that shows the board and polls on one connection, as js/live.js does."""

    port: int
    path: str
    cookie: str
    tally: Tally
    shown: str
    _open: tuple[asyncio.Transport, Answer] | None = None

    async def live(self, first: float, until: float) -> None:
        """Poll from an instant on, every two seconds."""
        at = first
        while at < until:
            await asyncio.sleep(at - perf_counter())
            began = perf_counter()
            try:
                status = await asyncio.wait_for(self._poll(), TIMEOUT)
                # The first belongs to opening it.
                if at > first:
                    self.tally.seconds.setdefault(status, []).append(perf_counter() - began)
            except (OSError, EOFError, TimeoutError) as error:
                self.tally.errors.append(f"{type(error).__name__}: {error}")
                self._close()
            at += POLL

    def _close(self) -> None:
        if self._open:
            self._open[0].abort()
        self._open = None

    async def _poll(self) -> int:
        if self._open is None or self._open[1].closed:
            self._open = await asyncio.get_running_loop().create_connection(Answer, "127.0.0.1", self.port)
        transport, answer = self._open
        done = answer.ask()
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nCookie: evenhand={self.cookie}\r\n"
            f"HX-Request: true\r\nHX-Request-Type: partial\r\nHX-PTag: {self.shown}\r\n"
            "Accept-Encoding: gzip\r\n\r\n".encode()
        )
        status, *lines = (await done).decode().splitlines()
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.shown = headers.get("hx-ptag", self.shown)
        return int(status.split()[1])


async def main() -> None:
    """Open the tabs one after the other over one poll's time, and print what they met."""
    with suppress(PermissionError):  # first at a core: what it waits for one is not the server's
        os.nice(FIRST)
    plan = json.loads(sys.argv[1])
    cookies, tally = json.loads(sys.stdin.read()), Tally()
    tabs, begin = plan["tabs"], perf_counter() + 0.5
    until = begin + plan["seconds"]
    async with asyncio.TaskGroup() as group:
        for number in range(tabs):
            page, cookie = plan["pages"][number % len(plan["pages"])], cookies[number % len(cookies)]
            tab = Tab(port=plan["port"], path=page["path"], shown=page["shown"], cookie=cookie, tally=tally)
            group.create_task(tab.live(begin + number * POLL / tabs, until))
    print(json.dumps({"seconds": tally.seconds, "errors": tally.errors, "cpu": process_time()}))


if __name__ == "__main__":
    asyncio.run(main())
