"""The HTTP parts that pages and API share: reading the whole body, the unit of work, the end of the transaction."""

import sys
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask import Flask, Response, abort, current_app, g, request
from werkzeug.routing import IntegerConverter

from dashboard.config import Settings
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.errors import DatabaseFailed

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger()
READS = frozenset({"GET", "HEAD"})
# Of a query, and of a form in any encoding: 500,000 fields in 1 MiB took 0.4 s and 20 MB to read.
MOST_FIELDS = 10_000


class Digits(IntegerConverter):
    """A number in a path, in ASCII digits."""

    regex = "[0-9]+"


def register(app: Flask, _settings: Settings) -> None:
    """Read each request's body before its handler runs, and end its transaction."""
    app.url_map.converters["int"] = Digits
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS  # for multipart forms
    app.before_request(_refuse_endless_queries)
    app.before_request(_read_body)
    app.after_request(_refuse_unfinished)
    app.teardown_request(_end)


def refuse_endless_forms() -> None:
    """Refuse a form with more fields than any page has, before it is parsed."""
    if request.mimetype == "application/x-www-form-urlencoded" and request.get_data().count(b"&") >= MOST_FIELDS:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def unit_of_work() -> UnitOfWork:
    """Return this request's unit of work; its session closes with the request and rolls back uncommitted changes."""
    if "work" not in g:
        g.work = current_app.extensions["evenhand"]()
    return cast(UnitOfWork, g.work)


def invitation_link(token: str, asked_as: str = "") -> str:
    """Return an invitation's URL. Without PUBLIC_URL, it begins with `asked_as` or with the request's own root."""
    base = unit_of_work().settings.public_url or asked_as or request.url_root
    return f"{base.rstrip('/')}/invitations/{token}"


def own_address() -> str:
    """Return the address of this Evenhand for other programs: PUBLIC_URL, else the one that this request used."""
    return (unit_of_work().settings.public_url or request.url_root).rstrip("/")


def finished(answer: T) -> T:
    """Finish this request's unit of work with a service's answer, or abandon it with a refusal."""
    return unit_of_work().finished(answer)


def hold() -> None:
    """Keep the transaction of this request open to its end: it holds an Idempotency-Key."""
    g.is_held = True


def rest() -> None:
    """End the transaction before the request waits, unless it is held."""
    if not g.get("is_held"):
        unit_of_work().finish()


def finishing(view: Callable[P, Any]) -> Callable[P, Response]:
    """Let a view finish the unit of work with its answer; what fails then is answered as an error."""

    @wraps(view)
    def whole(*args: P.args, **values: P.kwargs) -> Response:
        response = current_app.make_response(view(*args, **values))
        if request.method not in READS and response.status_code < HTTPStatus.BAD_REQUEST:
            unit_of_work().finish()
        return response

    return whole


def _refuse_endless_queries() -> None:
    if request.query_string.count(b"&") >= MOST_FIELDS:
        abort(HTTPStatus.BAD_REQUEST)


def _read_body() -> None:
    """Refuse a body that is too large or shorter than announced; servers pass on incomplete bodies."""
    limit, announced = request.max_content_length or sys.maxsize, request.content_length
    if (announced or 0) > limit:
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        length = len(request.get_data())
    except OSError:  # from a server that still reads the body
        abort(HTTPStatus.BAD_REQUEST)
    if announced is None and length >= limit:  # chunked, and cut at the limit
        abort(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if length < (announced or 0):
        abort(HTTPStatus.BAD_REQUEST)


def _refuse_unfinished(response: Response) -> Response:
    """Answer with an error where a view says yes without finishing its unit of work: the change would be lost."""
    is_yes = request.method not in READS and response.status_code < HTTPStatus.BAD_REQUEST
    if is_yes and "work" in g and g.work.notes.is_pending:
        g.work.abandon()
        raise RuntimeError(f"{request.endpoint} did not finish its unit of work")
    return response


def _end(error: BaseException | None) -> None:
    """Commit after a request that only read: after a rollback, the driver would lose its prepared statements."""
    if error or "work" not in g or request.method not in READS:
        return
    try:
        g.work.finish()
    except DatabaseFailed as failed:  # the response exists already
        log.warning("reading_not_ended", error=str(failed))
