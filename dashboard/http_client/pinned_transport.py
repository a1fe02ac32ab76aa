"""An httpx transport for helpdesks: it connects to checked addresses only, and ends each call at its deadline.

A time-out of a socket begins again with each byte; here every wait gets the time that the whole call has left.
"""

import os
import socket
import ssl
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import Any

import httpcore
import httpx

from dashboard.allow_list import AllowList
from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.http_client.resolving import resolve_within
from dashboard.http_client.url_guard import Resolve, Target, is_public, resolve

# More than the calls that one connection makes at once: none of them waits for a socket.
SOCKETS, KEPT_SOCKETS = 16, 8
# Shorter than the keep-alive of common servers: a write on a connection that they close at that moment is in doubt.
KEPT_SECONDS = 4.0
MOST_HELPDESKS = 200
SHORTEST = 0.001
UNKNOWN = "The name of the helpdesk's host is not known: check the address."
NOT_RESOLVED = "The name of the helpdesk's host was not found in time: check the name servers of this machine."
NOT_ALLOWED = (
    "The helpdesk's host is in a private network: whoever runs Evenhand must name the host or its network "
    "in HELPDESK_ALLOW."
)
_call: ContextVar["Deadline"] = ContextVar("call")


class Unfit(HelpdeskUnavailable):
    """A call that fails the same way if it is repeated, until a person changes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSeconds:
    """The time for a new connection, its name and TLS included, and the time for everything after that."""

    opening: float = 5.0
    reading: float = 10.0


class Deadline:
    """The end of a call, whatever was received by then; its time begins when it has a connection."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begin()

    def begin(self) -> None:
        """Start the time of the call."""
        self._until = monotonic() + self._seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises httpcore.ReadTimeout."""
        if (left := self._until - monotonic()) <= 0:
            raise httpcore.ReadTimeout
        return left


class PinnedTransport(httpx.HTTPTransport):
    """Calls one helpdesk; safe with threads. It knows no proxies, follows no redirect and keeps no cookies."""

    def __init__(self, backend: "PinnedBackend", tls: ssl.SSLContext, seconds: CallSeconds) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=SOCKETS,
            max_keepalive_connections=KEPT_SOCKETS,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=backend,
        )
        self._seconds = seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, and begin its time; the answer's body is read by the same thread, within the same time."""
        _call.set(Deadline(self._seconds.reading))
        request.extensions["timeout"] = {"pool": self._seconds.opening}
        return super().handle_request(request)


class HelpdeskTransports:
    """The transports of one process, one for each server, so that connections are kept and none waits for another."""

    def __init__(
        self,
        allow: AllowList,
        *,
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
        seconds: CallSeconds = CallSeconds(),
    ) -> None:
        self._backend, self._tls, self._seconds = PinnedBackend(allow, resolve, seconds.opening), tls, seconds
        self._made: dict[tuple[int, bool, str, int], PinnedTransport] = {}
        self._lock = Lock()

    def to(self, target: Target) -> PinnedTransport:
        """Return the transport to this server; a forked process gets its own, and never the sockets of its parent."""
        key = (os.getpid(), target.secure, target.host, target.port)
        with self._lock:
            if (found := self._made.get(key)) is None:
                self._tls = self._tls or ssl.create_default_context()
                found = self._made[key] = PinnedTransport(self._backend, self._tls, self._seconds)
                if len(self._made) > MOST_HELPDESKS:
                    self._made.pop(next(iter(self._made)))
            return found

    def refusal(self, target: Target, within: float) -> str | None:
        """Return why this server may not be called; a name that nobody knows yet, or in time, may become one."""
        return self._backend.refusal(target, within)

    def close(self) -> None:
        """Close the kept connections; the next use opens new ones."""
        with self._lock:
            made, self._made = self._made, {}
        for transport in made.values():
            transport.close()


class PinnedBackend(httpcore.NetworkBackend):
    """Opens connections: resolves the host once, checks what was found, and connects to nothing else."""

    def __init__(self, allow: AllowList, resolve: Resolve, seconds: float) -> None:
        self._allow, self._resolve, self._seconds = allow, resolve, seconds
        self._plain = httpcore.SyncBackend()

    def connect_tcp(  # noqa: PLR0917  (httpcore's signature)
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first allowed address that answers. Raises HelpdeskUnavailable, or httpcore's errors."""
        until = monotonic() + self._seconds
        addresses = self._checked(host, port)
        failure: Exception = httpcore.ConnectTimeout()
        for number, address in enumerate(addresses):
            share = (until - monotonic()) / (len(addresses) - number)
            try:
                stream = self._plain.connect_tcp(address, port, max(share, SHORTEST), socket_options=socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _TimedStream(stream, until)
        raise failure

    def refusal(self, target: Target, within: float) -> str | None:
        """Return why no address of this server may be called; None if one may, or if none was found within the time."""
        try:
            found = resolve_within(within, self._resolve, target)
        except (OSError, ValueError):
            return None
        return None if self._allowed(target.host, found) else NOT_ALLOWED

    def _checked(self, host: str, port: int) -> Sequence[str]:
        target = Target(secure=False, host=host, port=port, path="/")
        try:
            found = resolve_within(self._seconds, self._resolve, target)
        except TimeoutError:
            raise HelpdeskUnavailable(NOT_RESOLVED) from None
        except (OSError, ValueError):
            raise HelpdeskUnavailable(UNKNOWN) from None
        if not (allowed := self._allowed(host, found)):
            raise Unfit(NOT_ALLOWED)
        return allowed

    def _allowed(self, host: str, addresses: Iterable[str]) -> Sequence[str]:
        return [address for address in addresses if is_public(address) or self._allow.names(host, address)]


class _TimedStream(httpcore.NetworkStream):
    """A connection whose reads and writes last no longer than the call that makes them."""

    def __init__(self, stream: httpcore.NetworkStream, open_until: float) -> None:
        self._stream, self._open_until = stream, open_until
        self._socket: socket.socket = stream.get_extra_info("socket")
        _call.get().begin()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come, or wait for it."""
        return self._stream.read(max_bytes, _call.get().left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of it; each part gets what is left of the time."""
        while buffer:
            self._socket.settimeout(_call.get().left())
            try:
                buffer = buffer[self._socket.send(buffer) :]
            except TimeoutError as error:
                raise httpcore.WriteTimeout from error
            except OSError as error:
                raise httpcore.WriteError from error

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS within the time of the opening; the certificate must be the one of the URL's host."""
        left = max(self._open_until - monotonic(), SHORTEST)
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._open_until)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        """Return httpcore's facts of the connection."""
        return self._stream.get_extra_info(info)
