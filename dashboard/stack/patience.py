"""A gunicorn worker whose threads are given only requests that have arrived: a slow client costs a socket, no thread.

gthread gives a thread to each connection at once, and the thread reads until the request is there: sixteen clients that
say a letter a second would be all that this server serves.
"""

import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from errno import EAGAIN, ECONNABORTED, EWOULDBLOCK
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

ARRIVES_WITHIN = 10.0
# Of what cannot be waited for, such as a body larger than what the kernel holds; then it ends where it is.
READ_WITHIN = 10.0
# Longer than any statement of ours may take; then nobody listens any more.
TAKEN_WITHIN = 75.0
LONGEST_HEAD = 65_536
LARGEST_BODY = 1024 * 1024
CHUNKED = re.compile(rb"^transfer-encoding:.*chunked", re.IGNORECASE | re.MULTILINE)
LAST_CHUNK = re.compile(rb"\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n$")
LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,7})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How much of a request is there, and how much of it must be for a thread to begin."""

    there: int
    needed: int


def arrival(seen: bytes) -> Arrival:
    """Return what to wait for: the end of the head, then of the body; for nothing where it will be refused."""
    end = seen.find(b"\r\n\r\n") + 4
    if end < 4:
        return Arrival(there=len(seen), needed=len(seen) + 1 if len(seen) < LONGEST_HEAD else 0)
    said = LENGTH.search(seen, 0, end)
    if b"100-continue" in seen[:end].lower():  # it waits for us
        return Arrival(there=len(seen), needed=end)
    if CHUNKED.search(seen, 0, end):
        return Arrival(there=len(seen), needed=len(seen) + (LAST_CHUNK.search(seen, end - 2) is None))
    length = int(said[1]) if said else 0
    return Arrival(there=len(seen), needed=end + length if length <= LARGEST_BODY else 0)


class PatientWorker(ThreadWorker):
    """Looks at what has come without taking it, and wakes only when as much as it waits for is there."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._begun: dict[TConn, float] = {}
        self._seen: dict[TConn, int] = {}

    def accept(self, listener: socket.socket) -> None:
        """Wait for the request of a new connection."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (EAGAIN, ECONNABORTED, EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        self._await(TConn(self.cfg, client, address, listener.getsockname()))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Wait for the next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._await(conn)

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Give it to a thread if it is all there."""
        if self._is_there(conn):
            super().on_pending_socket_readable(conn, client)

    def handle(self, conn: TConn) -> Any:
        """Serve it, watched by the clock."""
        self._begun[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._begun[conn]

    def murder_pending(self) -> None:
        """Close what did not arrive, and end what is read or told too slowly."""
        super().murder_pending()
        waiting = set(self.pending_conns)
        self._seen = {conn: count for conn, count in self._seen.items() if conn in waiting}
        now = time.monotonic()
        for conn, began in list(self._begun.items()):
            if now - began > READ_WITHIN:
                with suppress(OSError):  # it has ended by itself
                    conn.sock.shutdown(socket.SHUT_RDWR if now - began > TAKEN_WITHIN else socket.SHUT_RD)

    def _await(self, conn: TConn) -> None:
        if self._is_there(conn):
            conn.data_ready = True
            self.enqueue_req(conn)
            return
        conn.timeout = time.monotonic() + ARRIVES_WITHIN
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def _is_there(self, conn: TConn) -> bool:
        """Say whether a thread may begin; else see to it that the socket wakes us when there is what is missing."""
        try:
            seen = conn.sock.recv(LONGEST_HEAD + LARGEST_BODY, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True  # the thread finds out what is wrong with it
        found = arrival(seen)
        # Woken without anything new, the kernel can hold no more: waiting on would be waking without end.
        is_there = not seen or self.cfg.is_ssl or found.there >= found.needed or self._seen.get(conn) == found.there
        self._seen[conn] = found.there
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1 if is_there else found.needed)
        if is_there:
            del self._seen[conn]
        return is_there
