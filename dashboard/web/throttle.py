"""How often one may try to log in; counted in Redis for all servers, in this process while Redis is down."""

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from dashboard import clock
from dashboard.config import Settings
from dashboard.store import throttles

# A whole company may be one source; behind a proxy that is not named in TRUSTED_PROXIES everybody is.
PER_SOURCE = "60 per minute; 1000 per hour"
PER_ADDRESS = "8 per minute; 60 per hour"

limiter = Limiter(get_remote_address, key_prefix="evenhand")


def init_app(app: Flask, settings: Settings) -> None:
    """Count in the Redis of the settings."""
    app.config.setdefault("RATELIMIT_STORAGE_URI", throttles.address(settings.redis_url))
    limiter.init_app(app)


def address_tried() -> str:
    """Return the source with the address that it tries, so that nobody can lock somebody else out."""
    return f"{get_remote_address()} {request.form.get('email', '').strip().lower()}"


def seconds_left() -> int:
    """Return when the limit that refused this request lets one in again."""
    limit = limiter.current_limit
    return max(1, round(limit.reset_at - clock.now().timestamp())) if limit else 60
