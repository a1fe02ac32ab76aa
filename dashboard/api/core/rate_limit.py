"""Rate limit per token and second, counted in Redis for all servers; in this process while Redis is down."""

from flask import Flask, request
from flask_limiter import Limiter

from dashboard.api.core.auth import presented_token
from dashboard.api.core.errors import PREFIX
from dashboard.config import Settings
from dashboard.store.accounts import throttle_counters
from dashboard.store.accounts.tokens import hashed

SPAN = "second"


def register(app: Flask, settings: Settings) -> None:
    """Limit the API's requests; a request without a token is refused without being counted."""
    limiter = Limiter(
        lambda: hashed(presented_token()),
        application_limits=[f"{settings.api_rate_limit} per {SPAN}"],
        storage_uri=throttle_counters.address(settings.redis_url),
        strategy="moving-window",
        key_prefix="evenhand-api",
    )
    limiter.request_filter(lambda: not request.path.startswith(PREFIX) or not presented_token())
    limiter.init_app(app)
