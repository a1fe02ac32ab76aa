"""Rate limit of log-in attempts, counted in Redis for all servers; in this process while Redis is down."""

from hashlib import sha256
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user

from dashboard import clock
from dashboard.config import Settings
from dashboard.store.accounts import throttle_counters
from dashboard.web.accounts.attempts import Attempt
from dashboard.web.core.auth import viewer

# A whole company may be one source; behind a proxy that is not named in TRUSTED_PROXIES everybody is.
PER_SOURCE = "60 per minute; 1000 per hour"
PER_ADDRESS = "8 per minute; 60 per hour"

# The part of an IPv6 address that identifies one customer's network.
CUSTOMERS_BITS = 64


def source() -> str:
    """Return the request's source: an IPv4 address, or the network of an IPv6 address."""
    said = get_remote_address()
    try:
        found = ip_address(said.partition("%")[0])
    except ValueError:  # a socket of this machine
        return said
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Network((found, CUSTOMERS_BITS), strict=False))
    return str(found)


limiter = Limiter(source, key_prefix="evenhand")


def init_app(app: Flask, settings: Settings) -> None:
    """Count in the settings' Redis; an answer with status 429 contains the seconds to wait."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", throttle_counters.address(settings.redis_url))
    limiter.init_app(app)
    app.after_request(_name_seconds)


def address_tried() -> str:
    """Return the source with the tried address, so that nobody can lock another person out.

    The address is hashed: a form has room for half a megabyte, and the key is kept for an hour.
    """
    return f"{source()} {sha256(_address().encode()).hexdigest()}"


def attempt() -> Attempt:
    """Return the request's attempt."""
    return Attempt(storage=limiter.storage, source=source(), address=_address())


def _address() -> str:
    return request.form.get("email", "").strip().lower()


def log_in_tried() -> str:
    """Return the log-in whose password somebody must know who is in already: two accounts may know them by one id."""
    return f"password of {viewer().log_in_id}"


def nobody_is_in() -> bool:
    """Tell whether the request is nobody's who has logged in."""
    return not current_user.is_authenticated


# One count for all forms that ask for the current password.
own_password = limiter.shared_limit(PER_ADDRESS, "own password", key_func=log_in_tried, exempt_when=nobody_is_in)


def seconds_left() -> int:
    """Return the seconds until the limit that refused this request ends."""
    limit = limiter.current_limit
    if not limit:
        return 60
    # `reset_at` is rounded up by a second: nobody waits longer than the limit's window.
    return min(max(1, round(limit.reset_at - clock.now().timestamp())), limit.limit.get_expiry())


def sentence(seconds: int) -> str:
    """Return what a form says that was sent too often."""
    return f"Too many attempts. Nothing was checked; try again in {seconds} {'second' if seconds == 1 else 'seconds'}."


def _name_seconds(response: Response) -> Response:
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers.setdefault("Retry-After", str(seconds_left()))
    return response
