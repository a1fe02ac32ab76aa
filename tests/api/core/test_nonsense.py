"""What no schema and no generator thinks of makes no call fail either: half letters, NUL, numbers over 64 bits."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.api.accounts.test_permissions import routes
from tests.api.conftest import Caller

pytestmark = pytest.mark.gate

NONSENSE: list[Any] = [2**80, "a\0b", "\ud800", "x" * 10_000, [None, {}, 2**80, "\ud800"], {"name": 2**80}]


def fields(app: Flask, method: str, rule: str) -> dict[str, Any]:
    """Return the fields that the document says a call takes."""
    document = app.test_client().get("/api/openapi.json").json
    path = "/api/v1/accounts/{account_id}" + re.sub("<(?:id:|uuid:|external:)?(.*?)>", r"{\1}", rule)
    body = document["paths"][path][method.lower()].get("requestBody")
    if not body:
        return {}
    name = body["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    return document["components"]["schemas"][name]["properties"]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_no_body_makes_a_call_fail(app: Flask, admin: Caller, furnished: None, method: str) -> None:
    for route in [route for route in routes(app) if route.method == method and "heartbeat" not in route.rule]:
        path = re.sub("<.*?>", "1", route.rule)  # something of each kind is there
        bodies = NONSENSE + [{field: value} for field in fields(app, method, route.rule) for value in NONSENSE]
        for body in bodies:
            status = admin(method, path, body).status_code
            assert status < 500, (method, path, body)


@pytest.mark.parametrize("query", ["page", "per_page", "subject", "subject_id", "wait", "status", "inbox_id", "label"])
@pytest.mark.parametrize("value", [str(2**80), "%00", "%ED%A0%80", "x" * 5_000])
def test_no_query_makes_a_call_fail(app: Flask, admin: Caller, query: str, value: str) -> None:
    for route in routes(app):
        if route.method == "GET":
            answer = admin.get(f"{re.sub('<.*?>', '1', route.rule)}?{query}={value}")
            assert answer.status_code < 500, (route, query, value)


@pytest.mark.parametrize("number", [0, -1, 2**63 - 1, 2**63, 2**80])
def test_no_id_makes_a_call_fail(app: Flask, admin: Caller, number: int) -> None:
    for route in routes(app):
        path = re.sub("<.*?>", str(number), route.rule)
        answer = admin(route.method, path, {})
        assert answer.status_code < 500, (route, number)
