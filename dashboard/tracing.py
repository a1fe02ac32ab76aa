"""One id for everything that a request causes: in its response, in every log line, and in its jobs."""

import logging
import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from structlog.contextvars import bind_contextvars, clear_contextvars

from dashboard.config import LogFormat, Settings

log = structlog.get_logger()
HEADER = "X-Request-Id"
# Characters that cannot break a log line.
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# A log must not contain secrets that allow a log-in, or that admit a helpdesk's webhooks.
SECRET = re.compile(r"(/invitations/|/hooks/[^/\s]+/)[^/\s]+")
HIDDEN = r"\1..."
# The parts of a URL that every log line contains.
NAMED = {"inbox_id": "inbox", "run_id": "run"}
# Machines request these every few seconds.
UNTOLD = ("operations", "static")


def register(app: Flask, settings: Settings) -> None:
    """Give every request an id; in JSON format, also log it. Register this before functions that refuse requests."""
    app.logger.addFilter(Discreet())
    app.before_request(_begin)
    app.after_request(_name)
    if settings.log_format is LogFormat.JSON:
        app.after_request(_tell)
    app.teardown_request(lambda _: clear_contextvars())


def path() -> str:
    """Return the request's path without secrets, for logs."""
    return SECRET.sub(HIDDEN, request.path)


class Discreet(logging.Filter):
    """Removes secrets from Flask's own log lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the line, without the secret of an address."""
        record.msg, record.args = SECRET.sub(HIDDEN, record.getMessage()), ()
        return True


def _begin() -> None:
    clear_contextvars()
    given = request.headers.get(HEADER, "")
    g.request_id, g.began = given if SANE.fullmatch(given) else uuid4().hex, time.perf_counter()
    named = {NAMED[name]: value for name, value in (request.view_args or {}).items() if name in NAMED}
    bind_contextvars(request=g.request_id, **named)


def _name(response: Response) -> Response:
    response.headers[HEADER] = g.request_id
    return response


def _tell(response: Response) -> Response:
    """Log the request without its query, headers and body, which may hold private data."""
    if (request.endpoint or "").partition(".")[0] not in UNTOLD:
        took = round((time.perf_counter() - g.began) * 1_000, 1)
        log.info("request", method=request.method, path=path(), status=response.status_code, milliseconds=took)
    return response
