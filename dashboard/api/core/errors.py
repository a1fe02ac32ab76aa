"""Error answers in one shape: {"error": "<one sentence>"}, with 422 also {"errors": {field: [message]}}."""

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import structlog
from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException, InternalServerError

from dashboard import tracing
from dashboard.store.core.errors import UNREACHABLE, Collided, OutOfRange, StoreUnavailable, is_conflict

log = structlog.get_logger()
PREFIX = "/api/"
HOOKS = "/hooks/"
OPERATIONS = ("/metrics", "/ready", "/up")

SENTENCES = {
    400: "The body is not JSON, or shorter than announced.",
    401: "A valid token is needed: Authorization: Bearer <token>, or api-access-token.",
    403: "Your role does not allow this.",
    404: "There is no such thing here.",
    405: "This address does not take that method.",
    409: "Somebody else changed this at the same moment; look again.",
    412: "Somebody has changed this since; read it again.",
    413: "The body is larger than 1 MiB.",
    422: "The request is invalid.",
    429: "Too many requests within a second; try again in a moment.",
    500: "Something went wrong on our side; it is in the log.",
    503: "A store is down; try again in a moment.",
}
HEADERS = {401: ("WWW-Authenticate", "Bearer"), 429: ("Retry-After", "1"), 503: ("Retry-After", "5")}


def register(app: Flask) -> None:
    """Answer errors of the API's own paths; other paths keep their handlers."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(StoreUnavailable, _unavailable)
    for unreachable in UNREACHABLE:
        app.register_error_handler(unreachable, _unavailable)
    app.register_error_handler(Collided, _collided)
    app.register_error_handler(OutOfRange, lambda error: _stored(error, 422))


def refuse(status: int, sentence: str | None = None, errors: Mapping[str, Any] | None = None) -> NoReturn:
    """End the request with this error."""
    abort(answer(status, sentence, errors))


def answer(status: int, sentence: str | None = None, errors: Mapping[str, Any] | None = None) -> Response:
    """Return an error answer."""
    body: dict[str, Any] = {"error": sentence or SENTENCES.get(status, SENTENCES[500])}
    if errors:
        body = {"error": sentence or _first(errors), "errors": {name: list(said) for name, said in errors.items()}}
    response = jsonify(body)
    response.status_code = status
    if status in HEADERS:
        response.headers.add(*HEADERS[status])
    return response


def by_field(messages: Any) -> dict[str, list[str]]:
    """Flatten a form's messages: nested fields are joined with dots; a plain list's items are under the list's name."""
    flat: dict[str, list[str]] = {}
    for path, said in _leaves(messages, ()):
        item = path[-1] if len(path) > 1 and isinstance(path[-1], int) else None
        named = [part for part in path if part != "_schema"][: None if item is None else -1]
        field = ".".join(map(str, named)) or "body"
        flat.setdefault(field, []).extend(said if item is None else [f"Item {item + 1}: {one}" for one in said])
    return flat


def _leaves(messages: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    if not isinstance(messages, Mapping):
        yield path, list(messages) if isinstance(messages, list) else [str(messages)]
        return
    for name, inner in messages.items():
        yield from _leaves(inner, (*path, name))


def _first(errors: Mapping[str, Any]) -> str:
    name, said = next(iter(errors.items()))
    return f"{name}: {next(iter(said))}"


def _http(error: HTTPException) -> Response | HTTPException:
    if not _is_ours() or error.response is not None:
        return error
    if isinstance(error, InternalServerError):
        log.error("request_failed", path=tracing.path(), exc_info=error.original_exception or error)
    refused = answer(error.code or 500)
    if error.code == 405:
        refused.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    return refused


def _unavailable(error: Exception) -> Response:
    log.error("store_unavailable", path=tracing.path(), error=str(error).splitlines()[0])
    return _stored(error, 503)


def _collided(error: Collided) -> Response:
    if is_conflict(error):
        return _stored(error, 409)
    log.error("value_refused", path=tracing.path(), error=str(error).splitlines()[0])
    return _stored(error, 422)


def _stored(error: Exception, status: int) -> Response:
    if not _is_ours():
        raise error
    return answer(status)


def _is_ours() -> bool:
    return request.path.startswith((PREFIX, HOOKS)) or request.path in OPERATIONS
