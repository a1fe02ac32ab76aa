"""Query parameters: unknown and repeated ones are refused."""

from collections.abc import Callable
from typing import Any

from flask import current_app, request
from marshmallow import Schema

from dashboard.api.core.errors import refuse
from dashboard.api.core.parsing import REPEATED

UNKNOWN = "Unknown field."
View = Callable[..., Any]


def naming(schema: type[Schema], take: Callable[[View], View]) -> Callable[[View], View]:
    """Let a view accept a schema's parameters in addition to those of earlier schemas."""

    def mark(view: View) -> View:
        known: frozenset[str] = getattr(view, "parameters", frozenset()) | schema().fields.keys()
        marked = take(view)
        marked.parameters = known  # type: ignore[attr-defined]
        return marked

    return mark


def check() -> None:
    """Refuse unknown and repeated parameters."""
    known: frozenset[str] = getattr(current_app.view_functions[request.endpoint or ""], "parameters", frozenset())
    faults = {name: [UNKNOWN] for name in request.args if name not in known}
    faults |= {name: [REPEATED] for name, values in request.args.lists() if name in known and len(values) > 1}
    if faults:
        refuse(422, errors=faults)
