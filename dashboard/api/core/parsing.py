"""Parsing of requests: queries, and JSON of any declared type, with or without a root name."""

import json
from typing import Any, NoReturn

import flask
from marshmallow import Schema, ValidationError
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from dashboard.api.core.errors import by_field, refuse

REPEATED = "Given more than once."


class Parser(FlaskParser):
    """Refuses in the API's error shape."""

    def _raw_load_json(self, req: flask.Request) -> Any:
        body = req.get_data(cache=True)
        return _json(body) if body.strip() else missing

    def pre_load(self, location_data: Any, *, schema: Schema, req: flask.Request, location: str) -> Any:
        """Unwrap the root name: {"team": {...}} is read as {...}."""
        root = getattr(schema, "root", "")
        if location != "json" or not isinstance(location_data, dict) or set(location_data) != {root}:
            return location_data
        return location_data if root in schema.fields else location_data[root]

    def handle_error(self, error: ValidationError, req: flask.Request, schema: Schema, **_: Any) -> NoReturn:
        """Refuse with messages by field, without the name of the request's part."""
        [found] = error.messages_dict.values()
        refuse(422, errors=by_field(found))


def _json(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_each_once)
    except _Repeated as repeated:
        refuse(422, errors={str(repeated): [REPEATED]})
    except (ValueError, RecursionError):
        refuse(400)


class _Repeated(Exception):
    """A name that occurs twice in an object; JSON readers differ in the value that they use."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Repeated(name)
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
