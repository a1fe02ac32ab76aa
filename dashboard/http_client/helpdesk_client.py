"""HTTP to a helpdesk: a checked address, a deadline, the connection's gate, and retries of repeatable calls."""

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import IntEnum
from http import HTTPStatus
from typing import Protocol

import httpx
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from dashboard import clock
from dashboard.helpdesks.port import Answer, HelpdeskForbids, HelpdeskUnavailable
from dashboard.http_client.helpdesk_answers import Received, answer_of, origin_of, receive
from dashboard.http_client.pinned_transport import HelpdeskTransports, Unfit
from dashboard.http_client.url_guard import parse

ATTEMPTS = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
OURS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Evenhand"}
NO_URL = "The helpdesk's address is not an http or https address that can be called: correct it."
UNSENDABLE = "The credentials have characters that cannot be sent."
ENTER_AGAIN = "Enter the credentials again, without blanks or line breaks around them."
SLOW = "The helpdesk did not answer in time."
NO_WAY = "No connection to the helpdesk: check the address and port, and whether it runs."
BUSY = "Too many calls to the helpdesk wait for their turn."
CUT = "The connection to the helpdesk broke off before the answer was complete."
NO_HTTP = "The helpdesk's answer is not HTTP, or it closed the connection without one."
# They would write headers, and addresses with their parameters.
for library in ("httpx", "httpcore"):
    logging.getLogger(library).setLevel(logging.WARNING)

Params = Mapping[str, str | int] | Sequence[tuple[str, str]]


class Urgency(IntEnum):
    """The purpose of a call: more urgent calls go first (C8)."""

    WRITE = 0
    REREAD = 1
    PRESENCE = 2
    RECONCILE = 3
    HISTORY = 4


class Gate(Protocol):
    """The limiter and the breaker of a connection, which all processes share."""

    def wait(self, urgency: int) -> int:
        """Wait for the call's turn and return its permit. Raises HelpdeskUnavailable if no call may be made now."""

    def report(self, permit: int, *, status: int | None, failed: bool, pause: timedelta | None = None) -> None:
        """Record how the call ended: its status, None without an answer; `pause` is the one that a 429 asks for."""


class HelpdeskClient:
    """Calls one helpdesk as one urgency; safe with threads."""

    def __init__(
        self,
        base_url: str,
        gate: Gate,
        transports: HelpdeskTransports,
        *,
        urgency: Urgency,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        target = parse(base_url)
        if target is None or "?" in target.path:
            raise Unfit(NO_URL)
        self.base_url = f"{origin_of(target)}{target.path.rstrip('/')}"
        self._target, self._transport = target, transports.to(target)
        self._gate, self._urgency, self._sleep, self._now = gate, urgency, sleep, now

    def get(self, path: str, params: Params = (), headers: Mapping[str, str] | None = None) -> Answer:
        """Send a GET, up to four times in all. Raises HelpdeskUnavailable and HelpdeskForbids."""
        retrying = Retrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=FIRST_PAUSE),
            retry=retry_if_exception(_may_be_repeated),
            sleep=self._sleep,
            reraise=True,
        )
        # Without parameters, those within the path stay.
        query = {"params": params} if params else {}
        return retrying(lambda: self._call(path, self._request("GET", path, headers, **query)))

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a write once. Raises HelpdeskUnavailable, after which it may have happened, and HelpdeskForbids."""
        content, kind = _encoded(body)
        given = {**kind, **(headers or {})}
        return self._call(path, self._request(method, path, given, content=content))

    def _request(self, method: str, path: str, headers: Mapping[str, str] | None, **more: object) -> httpx.Request:
        url = f"{self.base_url}/{path.lstrip('/')}"
        try:
            return httpx.Request(method, url, headers={**OURS, **(headers or {})}, **more)  # type: ignore[arg-type]
        except (ValueError, httpx.InvalidURL):
            pass
        # Outside of the handler: the error may have a secret.
        raise HelpdeskForbids(UNSENDABLE, fix=ENTER_AGAIN)

    def _call(self, path: str, request: httpx.Request) -> Answer:
        """Make one call when the gate lets it, and report its end."""
        permit = self._gate.wait(self._urgency)
        received: Received | None = None
        try:
            received = self._exchange(request)
            answer = answer_of(received, self._target, f"/{path.lstrip('/')}", self._now())
        except HelpdeskUnavailable as failure:
            self._report_failure(permit, received, failure)
            raise
        except HelpdeskForbids:
            self._gate.report(permit, status=None, failed=True)
            raise
        self._gate.report(permit, status=answer.status, failed=False)
        return answer

    def _report_failure(self, permit: int, received: Received | None, failure: HelpdeskUnavailable) -> None:
        status = received.status if received else None
        if status == HTTPStatus.TOO_MANY_REQUESTS and failure.retry_at is not None:
            self._gate.report(permit, status=status, failed=False, pause=failure.retry_at - self._now())
        else:
            self._gate.report(permit, status=status, failed=True)

    def _exchange(self, request: httpx.Request) -> Received:
        try:
            return receive(self._transport.handle_request(request))
        except httpx.LocalProtocolError:
            failure: HelpdeskUnavailable | HelpdeskForbids = HelpdeskForbids(UNSENDABLE, fix=ENTER_AGAIN)
        except httpx.HTTPError as error:
            failure = _told(error)
        # Outside of the handler: the error may quote what was sent or received.
        raise failure


def _may_be_repeated(error: BaseException) -> bool:
    """Return whether to repeat a GET at once; not before an instant that the helpdesk or the breaker named."""
    return isinstance(error, HelpdeskUnavailable) and not isinstance(error, Unfit) and error.retry_at is None


def _encoded(body: object) -> tuple[bytes | None, Mapping[str, str]]:
    if body is None:
        return None, {}
    if isinstance(body, str):
        return body.encode(), {"Content-Type": "text/plain; charset=utf-8"}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _told(error: httpx.HTTPError) -> HelpdeskUnavailable:
    """Return the failure in this machine's words."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unfit(f"The helpdesk's certificate is refused ({cause.verify_message}): correct it or the address.")
    sentences = (
        (httpx.PoolTimeout, BUSY),
        (httpx.ConnectTimeout, NO_WAY),
        (httpx.ConnectError, NO_WAY),
        (httpx.TimeoutException, SLOW),
        (httpx.RemoteProtocolError, NO_HTTP),
    )
    return HelpdeskUnavailable(next((sentence for kind, sentence in sentences if isinstance(error, kind)), CUT))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
