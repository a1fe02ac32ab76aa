"""One id for everything that a request causes: in its answer, in every log line, and in the jobs that it starts."""

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
# What cannot break a line or pose as something else.
SANE = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
# Whoever reads a log must not be able to log in by it.
SECRET = re.compile(r"(?<=/invitations/)[^/\s]+")
# What of an address is logged with every line.
NAMED = {"inbox_id": "inbox", "run_id": "run"}
# Asked for every few seconds by machines.
UNTOLD = ("operations", "static")


def register(app: Flask, settings: Settings) -> None:
    """Name every request; for machines also log one line of each. Register it before whatever may refuse one."""
    app.logger.addFilter(Discreet())
    app.before_request(_begin)
    app.after_request(_name)
    if settings.log_format is LogFormat.JSON:
        app.after_request(_tell)
    app.teardown_request(lambda _: clear_contextvars())


def path() -> str:
    """Return the path of the request as logs may show it."""
    return SECRET.sub("...", request.path)


class Discreet(logging.Filter):
    """Takes secrets out of the lines that Flask writes by itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the line through, without the secret of an invitation."""
        record.msg, record.args = SECRET.sub("...", record.getMessage()), ()
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
    """Log the request: neither its query nor its headers nor its body, which may hold what is not ours to keep."""
    if (request.endpoint or "").partition(".")[0] not in UNTOLD:
        took = round((time.perf_counter() - g.began) * 1_000, 1)
        log.info("request", method=request.method, path=path(), status=response.status_code, milliseconds=took)
    return response
