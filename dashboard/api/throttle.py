"""At most 100 requests a second per token: counted in Redis for all servers, in this process while Redis is down."""

from flask import Flask, request
from flask_limiter import Limiter

from dashboard.api.auth import presented_token
from dashboard.api.errors import PREFIX
from dashboard.config import Settings
from dashboard.store.tokens import hashed

LIMIT = "100 per second"
ANSWER_SECONDS = 1


def register(app: Flask, settings: Settings) -> None:
    """Count the requests of the API; what comes without a token is refused anyway."""
    limiter = Limiter(
        lambda: hashed(presented_token()),
        application_limits=[LIMIT],
        storage_uri=settings.redis_url.replace("unix://", "redis+unix://", 1),
        storage_options={"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS},
        strategy="moving-window",
        in_memory_fallback_enabled=True,
        key_prefix="evenhand-api",
    )
    limiter.request_filter(lambda: not request.path.startswith(PREFIX) or not presented_token())
    limiter.init_app(app)
