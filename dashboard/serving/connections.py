"""Client connections: a thread receives one whole request at a time, and every wait for a client has a limit."""

import socket
import time
from typing import Any

import structlog
from waitress.channel import HTTPChannel
from waitress.utilities import BadRequest

from dashboard.serving.answers import Refusal, ResponseTask
from dashboard.serving.messages import Request

log = structlog.get_logger()
# Seconds: to receive a request, to send a response, and between two requests (a tab polls every two).
ARRIVES_WITHIN = 30.0
READ_WITHIN = 60.0
KEPT_FOR = 10.0
# After its last response, a connection is read for this long and this many bytes: closing it with unread bytes sends a
# reset, and the client may lose the response.
LINGERS_FOR = 5.0
LINGERS_OVER = 16 * 1024 * 1024


class ClientConnection(HTTPChannel):
    """One client's connection. Threads run service, write_soon and note_answer; the server's loop runs the rest."""

    task_class = ResponseTask
    error_task_class = Refusal
    parser_class = Request
    request: Request | None

    def __init__(self, *args: Any, **options: Any) -> None:
        self.was_answered = False
        self._began_at = self._answered_at = time.monotonic()
        self._unread = b""
        self._lingers = False
        self._discarded = 0
        super().__init__(*args, **options)

    @property
    def is_served(self) -> bool:
        """Return True while a thread serves its request, or its request waits for a thread."""
        return bool(self.requests)

    @property
    def is_idle(self) -> bool:
        """Return True without a request for a thread and without unsent response bytes."""
        return not self.requests and not self.total_outbufs_len

    @property
    def waits_since(self) -> float:
        """Return the start of the unfinished request, or the time of the last response."""
        return self._answered_at if self.request is None else self._began_at

    @property
    def held(self) -> int:
        """Return the number of bytes in memory for an unfinished request."""
        return 0 if self.request is None else self.request.held

    def is_overdue(self, now: float) -> bool:
        """Return True if the client took too long to send, to read, or to send its next request."""
        if self.requests:
            return False
        if self._lingers:
            return now > self._answered_at + LINGERS_FOR
        if self.total_outbufs_len:
            return now > self._answered_at + READ_WITHIN
        return now > self.waits_since + (KEPT_FOR if self.request is None else ARRIVES_WITHIN)

    def readable(self) -> bool:
        """Return True to wait for bytes; first reads the bytes that arrived with the last request."""
        if self._unread and self.is_idle:
            self._take_up()
        return self.socket is not None and bool(self._lingers or super().readable())

    def handle_read(self) -> None:
        """Read the available bytes."""
        try:
            data = self.socket.recv(self.adj.recv_bytes)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if self._lingers:
            self._discard(data)
        elif data:
            self.received(data)
        else:
            self._end()

    def received(self, data: bytes) -> bool:
        """Parse one request; later bytes wait for its response, for waitress would keep hundreds of responses in
        memory."""
        with self.requests_lock:
            self._unread += data
            while self._unread and not (self.requests or self.will_close or self.close_when_flushed):
                self._read_on()
        return True

    def service(self) -> None:
        """Answer the request."""
        super().service()
        self.server.note_answer()
        self.server.look_at(self)

    def write_soon(self, data: Any) -> int:
        """Send a part of the response, or leave it to the loop if the client reads slowly."""
        written: int = super().write_soon(data)
        if self.total_outbufs_len:
            self.server.look_at(self)
        return written

    def note_answer(self) -> None:
        """Record the time of the response."""
        self.was_answered, self._answered_at = True, time.monotonic()

    def handle_close(self) -> None:
        """Close the connection; after a response, linger first. Waitress may call this on a closed connection."""
        if self.socket is None:
            return
        if self.will_close and not self._lingers and self._say_goodbye():
            return
        super().handle_close()

    def add_channel(self, map: dict[int, Any] | None = None) -> None:
        """Register with the loop and the server."""
        super().add_channel(map)
        self.server.look_at(self)

    def del_channel(self, map: dict[int, Any] | None = None) -> None:
        """Unregister from the server and the loop."""
        self.server.forget(self)
        super().del_channel(map)

    def _take_up(self) -> None:
        try:
            self.received(b"")
        except Exception:  # waitress, too, closes a connection with unreadable bytes
            log.exception("request_not_read")
            self.handle_close()

    def _read_on(self) -> None:
        if self.request is None:
            self.request, self._began_at = self.parser_class(self.adj), time.monotonic()
        consumed = self.request.received(self._unread)
        self._unread = self._unread[consumed:]
        if self.request.completed:
            self._hand_over()
        elif self.request.expect_continue and self.request.headers_finished:
            self.send_continue()

    def _hand_over(self) -> None:
        self.requests.append(self.request)
        self.request = None
        self.server.add_task(self)

    def _end(self) -> None:
        """Refuse the request of a client that stopped in the middle of its body."""
        if self.request is None or not self.request.headers_finished:
            self.handle_close()
            return
        self.request.error = BadRequest("the body broke off")
        with self.requests_lock:
            self._hand_over()

    def _say_goodbye(self) -> bool:
        """Shut down the sending side, and wait for the client to close its side."""
        self._lingers, self.will_close = True, False
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client has closed already
            return False
        return True

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if not data or self._discarded > LINGERS_OVER:
            self.handle_close()
