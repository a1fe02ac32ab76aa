"""Idempotency-Key: the same key and body return the first answer for 24 hours; another body is refused with 409."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial, wraps
from hashlib import sha256
from typing import Any

from flask import Response, jsonify, request, url_for

from dashboard import clock
from dashboard.api.core.auth import caller
from dashboard.api.core.errors import refuse
from dashboard.api.core.resources import or_refuse
from dashboard.http import hold, unit_of_work
from dashboard.services.operations import idempotency as service
from dashboard.services.operations.idempotency import Slot, StoredResponse

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "maxLength": LONGEST_KEY},
    "description": "The same key and body within 24 hours give the first answer again.",
}


def idempotent(view: Callable[..., Response]) -> Callable[..., Response]:
    """Let a view run once per key. It belongs above `response` and the body's `arguments`, below those of the query.

    A refused request does not use up its key. A query is checked before a stored answer is returned.
    """

    @wraps(view)
    def once(*args: Any, **values: Any) -> Response:
        key = request.headers.get(HEADER, "")
        if len(key) > LONGEST_KEY:
            refuse(422, errors={HEADER: [f"Longer than maximum length {LONGEST_KEY}."]})
        return _once(key, partial(view, *args, **values)) if key else view(*args, **values)

    once._apidoc = {**getattr(view, "_apidoc", {}), "headers": [PARAMETER]}  # type: ignore[attr-defined]
    return once


def _once(key: str, act: Callable[[], Response]) -> Response:
    slot = Slot(account_id=caller().account_id, route=_route(), key=key)
    body_hash = _hashed(request.get_data(cache=True))
    before = service.first_answer(unit_of_work(), slot, body_hash, now=clock.now())
    if before is not None:
        return _again(or_refuse(before))
    hold()
    response = act()
    kept = StoredResponse(body_hash=body_hash, status=response.status_code, answer=response.get_json())
    service.keep(unit_of_work(), slot, kept, now=clock.now())
    return response


def _route() -> str:
    """Return one route for every spelling of an address; stored routes end with a question mark."""
    path = url_for(request.endpoint or "", account_id=caller().account_id, **(request.view_args or {}))
    return f"{request.method} {path}?"


def _hashed(body: bytes) -> str:
    """Return a hash that is independent of the JSON's spacing and key order."""
    with suppress(ValueError, RecursionError):  # the view refuses a body that is not JSON
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    return sha256(body).hexdigest()


def _again(kept: StoredResponse) -> Response:
    response = jsonify(kept.answer)
    response.status_code = kept.status or 200
    response.headers["Idempotent-Replayed"] = "true"
    return response
