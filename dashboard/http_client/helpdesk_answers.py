"""The answers of a helpdesk: read within its limits, then judged. No sentence quotes an answer's body."""

import json
import re
import zlib
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn

import httpx

from dashboard.helpdesks.port import Answer, HelpdeskUnavailable
from dashboard.http_client.pinned_transport import Unfit
from dashboard.http_client.url_guard import PORTS, Target, parse

MOST_READ = 10 * 1024 * 1024
MINUTE = timedelta(minutes=1)
# A helpdesk that asks for a longer pause is asked again after this.
LONGEST_PAUSE = timedelta(hours=1)
# Valid JSON that no store keeps; an escape is looked for first, because few answers have one.
UNKEPT, UNKEPT_ESCAPE = re.compile("[\0\ud800-\udfff]"), re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
TOO_LARGE = "The helpdesk's answer has more than 10 MiB."
BROKEN = "The helpdesk's answer broke off, or is not what its headers tell."
NOT_JSON = "The helpdesk's answer is not JSON."
A_PAGE = "The helpdesk answered with a web page instead of data: check the address, and what stands in front of it."
LIMITED = "The helpdesk takes no more calls for now (429)."
ELSEWHERE = "The helpdesk redirects its calls to {}: enter that address."
NOT_HERE = "The helpdesk redirects its calls: enter the address at which it answers without a redirect."


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An answer as it came, decompressed; headers by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def at(self) -> datetime | None:
        """Return the helpdesk's time of the answer."""
        return _http_date(self.headers.get("date", ""))


def receive(response: httpx.Response) -> Received:
    """Read an answer to its end, at most 10 MiB. Raises HelpdeskUnavailable and httpx's errors."""
    with closing(response):
        headers = {name.lower(): value for name, value in response.headers.items()}
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:18]) > MOST_READ:
            raise Unfit(TOO_LARGE)
        parts = response.iter_raw()
        match headers.get("content-encoding", "identity").lower():
            case "identity":
                body = _limited(parts)
            case "gzip" | "x-gzip":
                body = _limited(_unzipped(parts))
            case _:
                raise HelpdeskUnavailable(BROKEN)
        return Received(status=response.status_code, headers=headers, body=body)


def answer_of(received: Received, target: Target, path: str, now: datetime) -> Answer:
    """Return the answer for the adapter to judge. Raises HelpdeskUnavailable for an answer that no adapter can use."""
    status = received.status
    if status < HTTPStatus.OK:
        raise HelpdeskUnavailable(BROKEN)
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise Unfit(_where_to(received.headers.get("location", ""), target, path))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise HelpdeskUnavailable(LIMITED, retry_at=_retry_at(received, now) or _next_minute(received, now))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise HelpdeskUnavailable(
            f"The helpdesk answered with an error of its own ({status}).", retry_at=_retry_at(received, now)
        )
    value = _json(received, is_needed=status < HTTPStatus.BAD_REQUEST)
    return Answer(status=status, json=value, headers=received.headers, at=received.at)


def _limited(parts: Iterable[bytes]) -> bytes:
    body = bytearray()
    for part in parts:
        body += part
        if len(body) > MOST_READ:
            raise Unfit(TOO_LARGE)
    return bytes(body)


def _unzipped(parts: Iterable[bytes]) -> Iterable[bytes]:
    """Yield the content of a gzip stream, in parts of bounded size: 10 MiB of it can hold 10 GiB."""
    stream, received = zlib.decompressobj(wbits=31), 0
    for part in parts:
        received += len(part)
        if received > MOST_READ:
            raise Unfit(TOO_LARGE)
        try:
            yield stream.decompress(part, MOST_READ + 1)
        except zlib.error:
            _refuse_broken()
    if received and not stream.eof:
        raise HelpdeskUnavailable(BROKEN)


def _refuse_broken() -> NoReturn:
    raise HelpdeskUnavailable(BROKEN) from None


def _json(received: Received, *, is_needed: bool) -> object:
    """Return the body's value; None for an empty body, and for one that is not JSON where none is needed."""
    if not received.body.strip():
        return None
    try:
        value: object = json.loads(received.body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        if not is_needed:
            return None
        is_page = "html" in received.headers.get("content-type", "").lower()
        sentence = A_PAGE if is_page else NOT_JSON
    else:
        return _cleaned(value) if UNKEPT_ESCAPE.search(received.body) else value
    # Outside of the handler: the error has the whole body.
    raise HelpdeskUnavailable(sentence)


def _cleaned(value: object) -> object:
    """Return the value with a replacement character for each one that no store keeps: NUL, half a surrogate pair."""
    if isinstance(value, str):
        return UNKEPT.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(one) for name, one in value.items()}
    return value


def _no_number(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _retry_at(received: Received, now: datetime) -> datetime | None:
    """Return the instant of Retry-After on our clock; the header has seconds, or a date on the helpdesk's clock."""
    text = received.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        pause = timedelta(seconds=int(text[:9]))
    elif (until := _http_date(text)) is not None:
        pause = until - (received.at or now)
    else:
        return None
    return now + min(max(pause, timedelta(0)), LONGEST_PAUSE)


def _next_minute(received: Received, now: datetime) -> datetime:
    """Return when the next whole minute begins on the helpdesk's clock: there, limits count by minutes."""
    at = received.at or now
    return now + MINUTE - timedelta(seconds=at.second, microseconds=at.microsecond)


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _where_to(location: str, asked: Target, path: str) -> str:
    """Return a sentence with the address to enter instead; of the location, only host and base path are used."""
    found = parse(location)
    if found is None:
        return NOT_HERE
    called = path.partition("?")[0]
    base = found.path.partition("?")[0]
    is_here = (found.secure, found.host, found.port) == (asked.secure, asked.host, asked.port)
    if not base.endswith(called):
        return NOT_HERE if is_here else ELSEWHERE.format(origin_of(found))
    base = base.removesuffix(called)
    return NOT_HERE if is_here and base == asked.path.rstrip("/") else ELSEWHERE.format(f"{origin_of(found)}{base}")


def origin_of(target: Target) -> str:
    """Return scheme, host and, unless it is the scheme's own, the port."""
    scheme = "https" if target.secure else "http"
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{scheme}://{host}" if target.port == PORTS[scheme] else f"{scheme}://{host}:{target.port}"
