"""The HTTP parts that pages and API share: reading the whole body, the unit of work, the end of the transaction."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import cast

import structlog
from flask import Flask, abort, current_app, g, request
from werkzeug.routing import IntegerConverter

from dashboard.config import Settings
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.core.errors import DatabaseFailed

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


@contextmanager
def working_at(other: UnitOfWork) -> Iterator[None]:
    """Use another unit of work for this request within the block."""
    before = unit_of_work()
    g.work = other
    try:
        yield
    finally:
        g.work = before


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


def _end(error: BaseException | None) -> None:
    """Commit after a request that only read: after a rollback, the driver would lose its prepared statements."""
    if error or "work" not in g or request.method not in READS:
        return
    try:
        g.work.session.commit()
    except DatabaseFailed as failed:  # the response exists already
        log.warning("reading_not_ended", error=str(failed))
