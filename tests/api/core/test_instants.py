"""Every instant that a call takes lies in one range, and what lies outside is refused by its field."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from dashboard.services.core.form_fields import OUT_OF_RANGE
from dashboard.services.csv_import.reading.rows import BadRow
from tests.api.accounts.test_permissions import routes
from tests.api.conftest import Caller
from tests.desks import Acme
from tests.importing import found_in, written

OUTSIDE = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "0001-12-31T23:59:59Z",
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00+00:01",
    "2200-01-01T00:00:00.000001Z",
    "9999-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
)
Place = tuple[str, str, str, Any]


def places(app: Flask) -> Iterator[Place]:
    """Yield each call that takes an instant: its method, path, the field, and the body around it."""
    document = app.test_client().get("/api/openapi.json").json
    for route in routes(app):
        path = "/api/v1/accounts/{account_id}" + re.sub("<(?:(?:id|uuid|external):)?(.*?)>", r"{\1}", route.rule)
        body = document["paths"][path][route.method.lower()].get("requestBody")
        if body:
            schema = body["content"]["application/json"]["schema"]
            for field, around in instants(document, schema):
                yield route.method, re.sub("<.*?>", "1", route.rule), field, around


def instants(document: Any, schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield each instant in a schema by its dotted name, with a function that puts a value there."""
    named = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    for name, field in named.get("properties", {}).items():
        if field.get("format") == "date-time":
            yield name, lambda value, name=name: {name: value}
        for inner, around in instants(document, field.get("items", field if "$ref" in field else {})):
            place = f"{name}.0.{inner}" if "items" in field else f"{name}.{inner}"
            listed = "items" in field
            yield place, lambda value, n=name, a=around, li=listed: {n: [a(value)] if li else a(value)}


@pytest.mark.parametrize("value", OUTSIDE)
def test_an_instant_outside_the_range_is_refused_by_its_field(app: Flask, admin: Caller, furnished: None, value: str):
    """Seen to fail without the range: 409 "Somebody else changed this", and 201 for years that nothing lives in."""
    found = list(places(app))
    assert {(method, path, field) for method, path, field, _ in found} >= {
        ("POST", "/conversations", "created_at"),
        ("POST", "/conversations", "last_activity_at"),
        ("POST", "/conversations/bulk", "conversations.0.created_at"),
        ("POST", "/conversations/1/messages", "at"),
        ("POST", "/tokens", "expires_at"),
    }
    for method, path, field, around in found:
        refused = admin(method, path, around(value))
        assert refused.status_code == 422, (method, path, field)
        assert refused.json["errors"][field] == [OUT_OF_RANGE], (method, path, field)


@pytest.mark.parametrize("value", ["1970-01-01T00:00:00Z", "2200-01-01T00:00:00Z", "1970-01-01T14:00:00+14:00"])
def test_the_ends_of_the_range_are_taken(admin: Caller, acme: Acme, value: str):
    made = admin.post("/conversations", {"inbox_id": acme.support, "created_at": value, "last_activity_at": value})

    assert made.status_code == 201


@pytest.mark.parametrize("value", OUTSIDE)
def test_a_row_of_an_import_has_the_same_range(value: str, tmp_path: Path):
    header, row = "external_id,inbox,created_at,resolved_at", "T-1,Support,2026-03-02T08:00:00Z,2026-03-02T09:00:00Z"
    for field, good in (("created_at", "2026-03-02T08:00:00Z"), ("resolved_at", "2026-03-02T09:00:00Z")):
        [bad] = found_in(written(tmp_path / "rows.csv", f"{header}\n{row.replace(good, value)}\n"))
        assert isinstance(bad, BadRow)
        assert bad.message == f"{field}: {OUT_OF_RANGE}"


def test_only_somebody_elses_change_is_a_conflict(app: Flask, admin: Caller, acme: Acme):
    """Seen to fail with 409 for whatever a constraint refuses."""
    session = acme.work.session
    session.execute(text("ALTER TABLE inboxes ADD CONSTRAINT ck_refused CHECK (name <> 'Refused') NOT VALID"))
    session.commit()
    try:
        refused = admin.post("/inboxes", {"name": "Refused"})
    finally:
        session.execute(text("ALTER TABLE inboxes DROP CONSTRAINT ck_refused"))
        session.commit()

    assert (refused.status_code, refused.json) == (422, {"error": "The request is invalid."})
