"""Error pages: the problem, the state of the data, and the next step."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import structlog
from flask import Blueprint, Flask, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import BadRequest, Conflict, HTTPException, InternalServerError, ServiceUnavailable

from dashboard import tracing
from dashboard.store.core.errors import UNREACHABLE, Collided, OutOfRange, StoreUnavailable, is_conflict
from dashboard.web.core import htmx

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """The texts of an error page."""

    status: int
    title: str
    happened: str
    do: str


SAYINGS = {
    403: ErrorPage(
        status=403,
        title="Not allowed",
        happened="Your role does not allow this. Nothing was changed.",
        do="Ask an administrator of the account, or go back to the live board.",
    ),
    404: ErrorPage(
        status=404,
        title="Not here",
        happened="There is nothing at this address, or it belongs to another account.",
        do="Check the address, or go back to the live board.",
    ),
    405: ErrorPage(
        status=405,
        title="Not that way",
        happened="This address does not answer that kind of request. Nothing was changed.",
        do="Go back to the page and use its button.",
    ),
    409: ErrorPage(
        status=409,
        title="Somebody else was faster",
        happened="Somebody else changed this at the same moment. Nothing was changed by you.",
        do="Go back, reload the page and try again.",
    ),
    413: ErrorPage(
        status=413,
        title="Too much at once",
        happened="What was sent is larger than the server reads. Nothing was changed.",
        do="Go back and send less at once.",
    ),
    429: ErrorPage(
        status=429,
        title="Too often",
        happened="Too many requests came from your network. Nothing was changed.",
        do="Wait a minute and try again.",
    ),
    500: ErrorPage(
        status=500,
        title="That went wrong",
        happened="The server met an error that nobody expected. What was saved before stays saved; it is in the log.",
        do="Try again. If it happens again, tell whoever runs Evenhand, with the time.",
    ),
    503: ErrorPage(
        status=503,
        title="A store does not answer",
        happened="The database or Redis cannot be reached at the moment. What was saved before stays saved.",
        do="Wait a moment and try again; it recovers by itself as soon as the store is back.",
    ),
}
FORGED = ErrorPage(
    status=400,
    title="This form has expired",
    happened="The form was opened under another log-in, or came from elsewhere. Nothing was changed.",
    do="Go back, reload the page and send it again.",
)
OTHERWISE = ErrorPage(
    status=400,
    title="That cannot be done",
    happened="The request makes no sense to the server. Nothing was changed.",
    do="Go back to the page and use its button.",
)


def handle_in(pages: Blueprint) -> None:
    """Show the errors of these pages as error pages, or as a sentence within a page that htmx updates."""
    pages.register_error_handler(HTTPException, show)
    # A number beyond all ids, or a character that Postgres cannot store, in an address.
    pages.register_error_handler(OutOfRange, lambda _: show(BadRequest()))
    pages.register_error_handler(Collided, _collided)
    for unreachable in (StoreUnavailable, *UNREACHABLE):
        pages.register_error_handler(unreachable, _unavailable)


def init_app(app: Flask) -> None:
    """Show error pages for unknown addresses too, except those of programs."""
    others = app.error_handler_spec[None][None].get(HTTPException)

    def unrouted(error: HTTPException) -> ResponseReturnValue:
        if not request.path.startswith(("/api", "/hooks/")):
            return show(error)
        return cast(ResponseReturnValue, others(error)) if others else error.get_response()

    for status in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
        app.register_error_handler(status, unrouted)


def show(error: HTTPException) -> ResponseReturnValue:
    """Return the page of an error, or the fragment for htmx."""
    if error.code is not None and error.code < 400:
        return error.get_response()
    trouble = FORGED if isinstance(error, CSRFError) else SAYINGS.get(error.code or 500, OTHERWISE)
    if isinstance(error, InternalServerError):
        log.error("page_failed", path=tracing.path(), exc_info=error.original_exception or error)
    if htmx.is_htmx():
        return htmx.toast("errors/_sentence.html", trouble=trouble), trouble.status
    return render_template("errors/show.html", trouble=trouble), trouble.status


def _collided(error: Collided) -> ResponseReturnValue:
    if is_conflict(error):
        return show(Conflict())
    log.error("value_refused", path=tracing.path(), error=str(error).splitlines()[0])
    return show(BadRequest())


def _unavailable(error: Exception) -> ResponseReturnValue:
    log.error("store_unavailable", path=tracing.path(), error=str(error).splitlines()[0])
    return show(ServiceUnavailable())
