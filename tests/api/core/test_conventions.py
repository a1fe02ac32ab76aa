"""What every route of the API has in common (api.md section 1)."""

import time
from datetime import timedelta
from io import BytesIO
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update

from dashboard import clock
from dashboard.store.models import AccountUser, ApiToken
from tests.api.accounts.test_permissions import routes
from tests.api.conftest import Caller
from tests.desks import Acme

NO_DIGITS = ("\uff13", "\u0661", "+1", " 1", "1 ", "1_0", "-0", "1.0", "1e1", "0x1", "", "9" * 5_000)
NUMBERS = ("/tokens?page", "/tokens?per_page", "/conversations?inbox_id", "/audit_entries?subject_id")


def test_a_token_comes_as_bearer_or_in_its_own_header(admin: Caller) -> None:
    bearer = admin.get("")
    own = admin.client.get(f"/api/v1/accounts/{admin.account_id}", headers={"api-access-token": admin.token})

    assert bearer.status_code == own.status_code == 200
    account = {"id": admin.account_id, "name": "Acme", "assignment_v2": True, "skill_labels": {}}
    assert bearer.json == own.json == account


def test_without_a_token_that_opens_nothing_is_answered(admin: Caller) -> None:
    url = f"/api/v1/accounts/{admin.account_id}"
    for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": f"Basic {admin.token}"}):
        refused = admin.client.get(url, headers=headers)
        assert refused.status_code == 401
        assert set(refused.json) == {"error"}


def test_a_revoked_or_expired_token_and_a_deactivated_users_open_nothing(admin: Caller, acme: Acme) -> None:
    session, now = acme.work.session, clock.now()
    for closed in ({"revoked_at": now}, {"revoked_at": None, "expires_at": now - timedelta(seconds=1)}):
        session.execute(update(ApiToken).values(**closed))
        session.commit()
        assert admin.get("").status_code == 401

    session.execute(update(ApiToken).values(expires_at=now + timedelta(hours=1)))
    session.commit()
    assert admin.get("").status_code == 200
    session.execute(update(AccountUser).where(AccountUser.user_id == admin.user_id).values(active=False))
    session.commit()
    assert admin.get("").status_code == 401


def test_the_use_of_a_token_is_noted_at_most_once_a_minute(admin: Caller, acme: Acme) -> None:
    admin.get("")
    first = acme.work.session.scalars(_last_used(admin)).one()
    acme.work.session.rollback()
    admin.get("")

    assert first is not None
    assert acme.work.session.scalars(_last_used(admin)).one() == first


def test_another_accounts_path_is_not_there(stranger: Caller, acme: Acme) -> None:
    stranger.account_id = acme.account_id

    assert stranger.get("").status_code == 404
    assert stranger.get("/audit_entries").status_code == 404


def test_an_object_is_the_same_bare_or_under_its_root_name(admin: Caller) -> None:
    assert admin.patch("", {"name": "Acme One"}).json["name"] == "Acme One"
    assert admin.patch("", {"account": {"name": "Acme Two"}}).json["name"] == "Acme Two"


def test_an_unknown_field_is_refused_and_named(admin: Caller) -> None:
    for body in ({"nane": "x"}, {"account": {"nane": "x"}}, {"account": {"name": "x"}, "nane": 1}):
        refused = admin.patch("", body)
        assert refused.status_code == 422
        assert set(refused.json) == {"error", "errors"}
    assert admin.patch("", {"nane": "x"}).json == {
        "error": "nane: Unknown field.",
        "errors": {"nane": ["Unknown field."]},
    }


def test_a_body_that_is_not_json_is_refused(admin: Caller) -> None:
    for body in ("{", "name=x", "NaN", '{"name": NaN}', "[" * 100_000):
        refused = admin("PATCH", "", data=body, content_type="application/json")
        assert refused.status_code == 400, body
        assert set(refused.json) == {"error"}


def test_json_that_is_no_object_or_no_text_for_postgres_is_invalid(admin: Caller) -> None:
    for body in ([], "x", 5, {"name": "a\0b"}, {"name": "\ud800"}, {"name": 7}, {"name": "  "}):
        assert admin.patch("", body).status_code == 422, body


def test_what_is_not_there_or_not_meant_says_so_in_the_same_shape(admin: Caller) -> None:
    for refused, status in ((admin.get("/nothing"), 404), (admin.put("", {}), 405), (admin.delete("/tokens/0"), 404)):
        assert refused.status_code == status
        assert set(refused.json) == {"error"}
    assert admin.client.get("/api/v1/accounts/99999999999999999999999").status_code == 404


def test_a_body_over_a_mebibyte_is_refused(admin: Caller) -> None:
    body = b'{"name": "' + b"x" * 1024 * 1024 + b'"}'
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

    for refused in (
        admin("PATCH", "", data=body),
        admin("PATCH", "", data="", input_stream=BytesIO(body), environ_overrides=chunked),
    ):
        assert refused.status_code == 413
        assert set(refused.json) == {"error"}


def test_lists_come_in_pages(admin: Caller) -> None:
    for number in range(3):
        assert admin.post("/tokens", {"name": f"Token {number}"}).status_code == 201

    first, second = admin.get("/tokens?per_page=2"), admin.get("/tokens?per_page=2&page=2")

    assert first.json["meta"] == {"count": 4, "page": 1, "per_page": 2}
    assert [one["name"] for one in first.json["data"] + second.json["data"]] == ["Token 2", "Token 1", "Token 0", ""]
    assert admin.get("/tokens").json["meta"]["per_page"] == 25
    assert admin.get("/tokens?page=99").json["data"] == []


def test_a_page_that_cannot_be_is_refused(admin: Caller) -> None:
    for query in ("per_page=0", "per_page=101", "page=0", "page=x", "page=-1", "page=1.5"):
        refused = admin.get(f"/tokens?{query}")
        assert refused.status_code == 422
        assert list(refused.json["errors"]) == [query.partition("=")[0]]


@pytest.mark.parametrize("digits", NO_DIGITS)
@pytest.mark.parametrize("query", NUMBERS)
def test_a_number_in_an_address_is_its_digits_alone(admin: Caller, query: str, digits: str) -> None:
    """Seen to fail with Python's own reading of numbers: 200 for the first six."""
    refused = admin.get(f"{query}={quote(digits)}")

    assert refused.status_code == 422
    assert list(refused.json["errors"]) == [query.partition("?")[2]]


def test_an_id_in_a_path_is_its_digits_alone(admin: Caller, acme: Acme) -> None:
    """Seen to fail with Werkzeug's own reading of numbers."""
    assert admin.get(f"/inboxes/{acme.support}").status_code == 200
    assert admin.get(f"/inboxes/{chr(0xFF10 + acme.support)}").status_code == 404


def test_a_parameter_that_a_call_does_not_know_is_refused_by_its_name(app: Flask, admin: Caller) -> None:
    """Seen to fail without the check: each was ignored."""
    for route in routes(app):
        path = route.path(admin.user_id)
        refused = admin(route.method, f"{path}?colour=red&page_size=2", {})
        assert refused.status_code == 422, route
        assert refused.json["errors"] == {"colour": ["Unknown field."], "page_size": ["Unknown field."]}, route


def test_a_parameter_that_is_given_twice_is_refused(admin: Caller) -> None:
    refused = admin.get("/tokens?page=1&page=2")

    assert refused.status_code == 422
    assert refused.json["errors"] == {"page": ["Given more than once."]}


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"name": "One", "name": "Two"}', "name"),
        ('{"account": {"name": "One", "name": "One"}}', "name"),
        ('{"account": {}, "account": {"name": "One"}}', "account"),
        ('{"\\u006eame": "One", "name": "Two"}', "name"),
        ('{"colour": 1, "colour": 2}', "colour"),
    ],
)
def test_a_name_that_an_object_has_twice_is_refused(admin: Caller, body: str, name: str) -> None:
    """Seen to fail with the last of them taken."""
    refused = admin("PATCH", "", data=body, content_type="application/json")

    assert refused.status_code == 422
    assert refused.json["errors"] == {name: ["Given more than once."]}
    assert admin.get("").json["name"] == "Acme"


def test_a_name_given_twice_among_thousands_is_found_at_once(admin: Caller) -> None:
    """Seen to fail with each name looked for among all: 20,000 names took 3 s of processor."""
    names = ",".join(f'"{number}":1' for number in range(20_000))
    began = time.thread_time()

    refused = admin("PATCH", "", data=f'{{{names},"19999":1}}', content_type="application/json")

    assert (refused.status_code, refused.json["errors"]) == (422, {"19999": ["Given more than once."]})
    assert time.thread_time() - began < 1.0


def test_instants_are_iso_8601_with_z(admin: Caller) -> None:
    made = admin.post("/tokens", {"expires_at": "2100-01-01T02:00:00+02:00"})

    assert made.json["expires_at"] == "2100-01-01T00:00:00Z"
    assert made.json["created_at"].endswith("Z")
    assert admin.post("/tokens", {"expires_at": "2100-01-01T02:00:00"}).status_code == 422


def _last_used(admin: Caller):
    from sqlalchemy import select

    return select(ApiToken.last_used_at).where(ApiToken.user_id == admin.user_id)
