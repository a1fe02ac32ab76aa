"""ETag and If-Match: a change is refused with 412 if the resource has changed since the caller read it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Response, after_this_request, current_app, request
from werkzeug.datastructures import ETags

from dashboard.api.core.errors import refuse
from dashboard.services.core.baselines import NO_BASELINE, Baseline, Facts
from dashboard.services.core.refusals import Stale
from dashboard.store.postgres.bulk import json_row

CHANGING = frozenset({"PUT", "PATCH", "DELETE"})
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "schema": {"type": "string"},
    "description": "An ETag that a call has answered: the change is refused with 412 if somebody has changed it since.",
}
DOCUMENTED = {"ETag": {"schema": {"type": "string"}, "description": "Changes with whatever calls can change of it."}}


class Tagged:
    """A resource with an ETag over its changeable fields, without counts and instants."""

    def __init__(self, *names: str, edit: type | None = None) -> None:
        self._names = (*names, *(field.name for field in fields(edit))) if edit else names

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Add an ETag to a view's answers; this decorator belongs below `arguments` and `response`."""

        @wraps(view)
        def tagging(*args: Any, **values: Any) -> Any:
            answer = view(*args, **values)
            thing = answer[0] if isinstance(answer, tuple) else answer
            if thing is not None:
                tag = self.of(json_row(thing))
                after_this_request(lambda response: _with_tag(response, tag))
            return answer

        tagging._apidoc = {**getattr(view, "_apidoc", {}), "tagged": True}  # type: ignore[attr-defined]
        return tagging

    def of(self, facts: Facts) -> str:
        """Return the tag of these fields."""
        said = json.dumps({name: facts[name] for name in self._names}, default=_plain, sort_keys=True)
        return sha256(said.encode()).hexdigest()[:32]

    def seen(self) -> Baseline:
        """Return the caller's If-Match as a baseline; without the header every change is accepted."""
        return _Matching(self, request.if_match) if "If-Match" in request.headers else NO_BASELINE


@dataclass(frozen=True, slots=True)
class _Matching:
    noun: Tagged
    tags: ETags

    def judged(self, values: Facts, now: Facts) -> dict[str, Any] | Stale:
        return dict(values) if self.tags.contains(self.noun.of(now)) else Stale(errors={})


def refuse_if_untagged() -> None:
    """Refuse If-Match on views without an ETag; `*` matches everything."""
    if request.method not in CHANGING or "If-Match" not in request.headers or request.if_match.star_tag:
        return
    view: Any = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, "_apidoc", {}).get("tagged"):
        refuse(412)


def document(doc: dict[str, Any], doc_info: Mapping[str, Any], *, method: str, **_: object) -> dict[str, Any]:
    """Document the headers of a view that returns an ETag."""
    if doc_info.get("tagged"):
        if method.upper() in CHANGING:
            doc.setdefault("parameters", []).append(IF_MATCH)
        for status, answer in doc["responses"].items():
            if str(status) in ("200", "201"):
                answer.setdefault("headers", {}).update(DOCUMENTED)
    return doc


def _with_tag(response: Response, tag: str) -> Response:
    if response.status_code < 300:
        response.set_etag(tag)
    return response


def _plain(value: Any) -> Any:
    if isinstance(value, frozenset | set):
        return sorted(value)
    return json_row(value) if hasattr(value, "__dataclass_fields__") else str(value)
