"""One web process: waitress's server with its own event loop, limits per process, and a graceful stop."""

import resource
import socket
import time
from collections.abc import Callable
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any

import structlog
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from dashboard.serving.connections import ClientConnection
from dashboard.serving.messages import LARGEST_BODY, LARGEST_HEAD
from dashboard.stack.listen_socket import BACKLOG

log = structlog.get_logger()
THREADS = 8
# Connections per process; each may need one more open file.
MOST_CONNECTIONS = 1_000
OTHER_FILES = 100
# Of all connections: this share is reserved for connections with an earlier response. The rest is for new clients, so
# that one client with a request on each connection cannot block all others.
ANSWERED_SHARE = 3 / 4
# Bytes of unfinished requests per process.
MOST_HELD = 64 * 1024 * 1024
LOOKS_EVERY = 1.0
STOPS_WITHIN = 3.0
# The threads hang if requests are queued and no thread has finished a request for this long.
HANGS_AFTER = 30.0


class WebServer(TcpWSGIServer):
    """Serves one application on a listening socket that other processes may share.

    Its loop checks only changed connections. Waitress checks each connection at every event, which made a poll
    beside 500 idle tabs cost 50 % more.
    """

    channel_class = ClientConnection
    active_channels: dict[int, ClientConnection]
    next_channel_cleanup: float

    def __init__(
        self, application: Callable[..., Any], listener: socket.socket, *, beat: Callable[[], None] = lambda: None
    ) -> None:
        self._beat = beat
        self._went_on_at = time.monotonic()
        self._most = _reserve_files()
        self._stops_at: float | None = None
        self._selector = DefaultSelector()
        self._changed: set[Any] = set()
        where = (listener.family, listener.type, listener.proto, listener.getsockname())
        super().__init__(application, _sock=listener, adj=_adjustments(listener), sockinfo=where, bind_socket=False)
        self._watch(self.trigger, EVENT_READ)

    def run(self) -> None:
        """Serve until stopped."""
        while self._stops_at is None:
            self._turn(LOOKS_EVERY)
        self.accepting = False
        while self._close_idle() and time.monotonic() < self._stops_at:
            self._turn(LOOKS_EVERY / 10)

    def stop(self, *_: object) -> None:
        """Accept no new request, and end after the responses to the present ones."""
        self._stops_at = time.monotonic() + STOPS_WITHIN
        self.trigger.pull_trigger()

    def look_at(self, connection: ClientConnection) -> None:
        """Check this connection's state in the loop's next pass; threads call this too."""
        self._changed.add(connection)
        self.trigger.pull_trigger()

    def note_answer(self) -> None:
        """Record that a thread has finished a request; threads call this."""
        self._went_on_at = time.monotonic()

    def forget(self, connection: ClientConnection) -> None:
        """Stop watching this connection."""
        self._changed.discard(connection)
        self._watch(connection, 0)

    def pull_trigger(self) -> None:
        """Do nothing: `look_at` wakes the loop and names the connection."""

    def readable(self) -> bool:
        """Return True to accept connections."""
        now = time.monotonic()
        if now >= self.next_channel_cleanup:
            self.next_channel_cleanup = now + LOOKS_EVERY
            self.maintenance(now)
        return bool(self.accepting and len(self.active_channels) <= self._most)

    def handle_accept(self) -> None:
        """Accept a connection; above the limit, close another one."""
        super().handle_accept()
        if len(self.active_channels) > self._most:
            self._close_one()

    def handle_error(self) -> None:
        """Log the error and go on: waitress would close the listening socket."""
        log.exception("connection_not_accepted")

    def maintenance(self, now: float) -> None:
        """Send the heartbeat while the loop and the threads make progress; close connections over a limit of time or
        memory."""
        if not self.task_dispatcher.queue:
            self._went_on_at = now
        if now < self._went_on_at + HANGS_AFTER:
            self._beat()
        for connection in list(self.active_channels.values()):
            if connection.is_overdue(now):
                connection.handle_close()
        self._make_room()
        self.in_connection_overflow = len(self.active_channels) >= self._most

    def _turn(self, timeout: float) -> None:
        self._changed.add(self)
        while self._changed:
            one = self._changed.pop()
            if one.socket is not None:
                self._watch(one, (EVENT_READ if one.readable() else 0) | (EVENT_WRITE if one.writable() else 0))
        for key, events in self._selector.select(timeout):
            self._changed.add(key.data)
            if events & EVENT_READ and key.data.socket is not None:
                wasyncore.read(key.data)
            if events & EVENT_WRITE and key.data.socket is not None:
                wasyncore.write(key.data)

    def _watch(self, one: Any, events: int) -> None:
        if one._fileno is None:  # closed
            return
        known = self._selector.get_map().get(one._fileno)
        if known is None and events:
            self._selector.register(one._fileno, events, one)
        elif known is not None and not events:
            self._selector.unregister(one._fileno)
        elif known is not None and known.events != events:
            self._selector.modify(one._fileno, events, one)

    def _close_one(self) -> None:
        """Close the connection with the longest wait; first those without a response, unless ANSWERED_SHARE is
        exceeded."""
        if not self.in_connection_overflow:
            log.warning("too_many_connections", limit=self._most)
            self.in_connection_overflow = True
        *others, _newest = self.active_channels.values()
        protects = sum(one.was_answered for one in others) <= self._most * ANSWERED_SHARE
        waiting = [one for one in others if not one.is_served]
        if waiting:
            min(waiting, key=lambda one: (one.was_answered is protects, one.waits_since)).handle_close()

    def _make_room(self) -> None:
        """Close the oldest unfinished requests until the remaining ones fit into MOST_HELD."""
        total = sum(one.held for one in self.active_channels.values())
        for connection in sorted(self.active_channels.values(), key=lambda one: one.waits_since):
            if total <= MOST_HELD:
                return
            if connection.held:
                total -= connection.held
                connection.handle_close()

    def _close_idle(self) -> bool:
        """Close idle connections; return True if other connections remain."""
        for connection in list(self.active_channels.values()):
            if connection.is_idle:
                connection.handle_close()
        return bool(self.active_channels)


def _adjustments(listener: socket.socket) -> Adjustments:
    return Adjustments(
        sockets=[listener],
        threads=THREADS,
        backlog=BACKLOG,
        ident=None,
        # The application reads the proxies' headers, if TRUSTED_PROXIES is set.
        clear_untrusted_proxy_headers=False,
        log_socket_errors=False,
        recv_bytes=32 * 1024,
        max_request_header_size=LARGEST_HEAD + 1,
        # Twice the limit, to include the framing of small chunks.
        max_request_body_size=2 * LARGEST_BODY,
        # Bodies stay in memory.
        inbuf_overflow=2 * LARGEST_BODY,
    )


def _reserve_files() -> int:
    """Raise this process's limit of open files, and return the number of connections that it allows."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MOST_CONNECTIONS + OTHER_FILES
    allowed = max(allowed, wanted if most == resource.RLIM_INFINITY else min(wanted, most))
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
    return min(MOST_CONNECTIONS, (allowed - OTHER_FILES) // 2)
