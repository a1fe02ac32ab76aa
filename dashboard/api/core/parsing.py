"""Reading requests: JSON whatever its declared type, bare or under its root name, and queries."""

import json
from typing import Any, NoReturn

import flask
from marshmallow import Schema, ValidationError
from webargs.core import missing
from webargs.flaskparser import FlaskParser

from dashboard.api.core.errors import by_field, refuse

REPEATED = "Given more than once."


class Parser(FlaskParser):
    """Refuses in the API's one shape."""

    def _raw_load_json(self, req: flask.Request) -> Any:
        body = req.get_data(cache=True)
        return _json(body) if body.strip() else missing

    def pre_load(self, location_data: Any, *, schema: Schema, req: flask.Request, location: str) -> Any:
        """Take the object out of its root name: {"team": {...}} is the same as {...}."""
        root = getattr(schema, "root", "")
        if location != "json" or not isinstance(location_data, dict) or set(location_data) != {root}:
            return location_data
        return location_data if root in schema.fields else location_data[root]

    def handle_error(self, error: ValidationError, req: flask.Request, schema: Schema, **_: Any) -> NoReturn:
        """Name the fields, without the part of the request that they were in."""
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
    """The name that an object has twice: programs differ in which of the two they read."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Repeated(name)
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
