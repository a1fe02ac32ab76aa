"""The only outgoing HTTP calls: one POST to a checked address, within a time limit."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from http.client import (
    BadStatusLine,
    HTTPConnection,
    HTTPException,
    HTTPSConnection,
    RemoteDisconnected,
)
from io import BufferedReader
from threading import BoundedSemaphore, Timer
from time import monotonic

from dashboard.http_client.resolving import resolve_within
from dashboard.http_client.url_guard import Resolve, Target, is_public, parse, resolve

TIME_OUT = 10.0
# For a name in a form, whose thread others wait for; it is asked again at every call.
FORM_WAITS = 2.0
NAMES_AT_ONCE = 4
MOST_READ = 4_096
STATUS_LINE = re.compile(rb"HTTP/1\.[01] +([1-9][0-9]{2})(?: [^\r\n]*)?\r?\n")
LONGEST_LINE = LONGEST_HEAD = 64 * 1024
MOST_FIELDS = 100
# Answers such as 100 Continue, which another one follows.
MOST_INTERIM = 8
_names_of_forms = BoundedSemaphore(NAMES_AT_ONCE)
NOT_A_URL = "This is not an http or https URL that can be called."
NOT_HTTP = "The answer is not HTTP."
NOT_ALLOWED = "Loopback, private and link-local addresses may not be called."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverResponse:
    """The result of a call: a status, or the error; `silent` if the receiver sent no answer."""

    status: int | None = None
    error: str | None = None
    silent: bool = False

    @property
    def accepted(self) -> bool:
        """Return True for a 2xx status."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A POST request."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Calls receivers. Each call resolves the name and connects to the checked addresses."""

    allow_private: bool
    resolve: Resolve = resolve
    time_out: float = TIME_OUT

    def refusal(self, url: str) -> str | None:
        """Return why this URL may not be called; a name that nobody knows yet, or in time, may become one."""
        target = parse(url)
        if target is None:
            return NOT_A_URL
        if not _names_of_forms.acquire(blocking=False):
            return None
        try:
            addresses = resolve_within(FORM_WAITS, self.resolve, target, at_end=_names_of_forms.release)
        except OSError:
            return None
        return None if self._allows(addresses) else NOT_ALLOWED

    def post(self, post: Post) -> ReceiverResponse:
        """Send the request once. Redirects are not followed; only the answer's status is used."""
        target, until = parse(post.url), monotonic() + self.time_out
        if target is None:
            return ReceiverResponse(error=NOT_A_URL, silent=True)
        try:
            addresses = resolve_within(self.time_out, self.resolve, target)
            if not self._allows(addresses):
                return ReceiverResponse(error=NOT_ALLOWED, silent=True)
            return _exchange(_connect(addresses, target, until), target, post, until)
        except (OSError, HTTPException, ValueError) as error:
            return ReceiverResponse(error=self._why(error, until), silent=True)

    def _allows(self, addresses: Sequence[str]) -> bool:
        return self.allow_private or all(map(is_public, addresses))

    def _why(self, error: Exception, until: float) -> str:
        late = monotonic() >= until or isinstance(error, TimeoutError)
        return f"No answer within {self.time_out:g} s." if late else _told(error)


@dataclass(slots=True)
class _Cut:
    """Ends a connection at its deadline, in any state; a socket timeout would start again with each byte."""

    connection: socket.socket
    fired: bool = field(default=False)

    def __call__(self) -> None:
        self.fired = True
        with suppress(OSError):  # it has ended by itself
            # TLS's own would take its keys away while another thread still reads with them.
            socket.socket.shutdown(self.connection, socket.SHUT_RDWR)


def _exchange(connection: socket.socket, target: Target, post: Post, until: float) -> ReceiverResponse:
    with connection, _cut_at(connection, until) as cut:
        if isinstance(connection, ssl.SSLSocket):
            connection.do_handshake()
        kind = HTTPSConnection if target.secure else HTTPConnection
        http = kind(target.host, target.port)
        http.sock = connection
        http.request("POST", target.path, body=post.body, headers={**post.headers, "Connection": "close"})
        with connection.makefile("rb") as came:
            status = _status(came)
            if cut.fired:
                raise TimeoutError
            with suppress(OSError):
                # So that the receiver can end its answer; nobody is shown it, for it may come from a private place. It
                # is read as it comes: a chunk of -1 bytes was read without end, and one of -5 made a delivery undone.
                came.read1(MOST_READ)
        return ReceiverResponse(status=status)


def _status(came: BufferedReader) -> int:
    """Return the answer's status, strictly: http.client also takes 20_0, +200 and any number of interim answers.

    Raises HTTPException.
    """
    for _ in range(MOST_INTERIM + 1):
        line = came.readline(LONGEST_LINE)
        if not line:
            raise RemoteDisconnected("")
        if (found := STATUS_LINE.fullmatch(line)) is None:
            raise BadStatusLine("")
        _pass_over_fields(came)
        if (status := int(found[1])) >= HTTPStatus.OK:
            return status
    raise HTTPException


def _pass_over_fields(came: BufferedReader) -> None:
    """Read to the end of the head. http.client takes 100 lines of 64 KiB apart: 4 s of processor and 1 GB of memory.

    Raises HTTPException, also for a head that breaks off.
    """
    left = LONGEST_HEAD
    for _ in range(MOST_FIELDS + 1):
        line = came.readline(left)
        if line in {b"\r\n", b"\n"}:
            return
        if not line.endswith(b"\n"):
            break
        left -= len(line)
    raise HTTPException


@contextmanager
def _cut_at(connection: socket.socket, until: float) -> Iterator[_Cut]:
    cut = _Cut(connection)
    timer = Timer(max(until - monotonic(), 0.0), cut)
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()


def _connect(addresses: Sequence[str], target: Target, until: float) -> socket.socket:
    """Connect to the first of these addresses that answers. Raises OSError."""
    failure: OSError = TimeoutError()
    for address in addresses:
        left = until - monotonic()
        if left <= 0:
            break
        try:
            connection = socket.create_connection((address, target.port), timeout=left)
        except OSError as error:
            failure = error
            continue
        connection.settimeout(max(until - monotonic(), 0.001))
        return _wrapped(connection, target.host) if target.secure else connection
    raise failure


def _wrapped(connection: socket.socket, host: str) -> socket.socket:
    """Return the connection under TLS for this host. The caller does the handshake, within its own deadline."""
    return _tls().wrap_socket(connection, server_hostname=host, do_handshake_on_connect=False)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _told(error: Exception) -> str:
    """Return the cause in this machine's words; other errors' messages may quote the answer."""
    if isinstance(error, RemoteDisconnected):
        return "No answer: the connection was closed."
    if isinstance(error, OSError):
        return f"No answer: {(error.strerror or type(error).__name__)[:200]}."
    return NOT_HTTP if isinstance(error, HTTPException) else NOT_A_URL
