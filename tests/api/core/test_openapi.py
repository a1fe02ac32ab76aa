"""The OpenAPI document and the page to read it."""

import re

from flask import Flask

EXAMPLE = "https://helpdesk.example"
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_every_route_is_in_the_document(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").json

    told = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    there = {
        (method, re.sub("<(?:id:|uuid:|external:)?(.*?)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1")
        for method in METHODS & (rule.methods or set())
    }
    assert document["openapi"].startswith("3.")
    assert there
    assert there == {one for one in told if one[0] in METHODS}


def test_every_operation_says_what_it_does_and_what_comes_back(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").json
    nouns = {tag["name"] for tag in document["tags"]}

    for path, methods in document["paths"].items():
        for method in METHODS & {name.upper() for name in methods}:
            operation = methods[method.lower()]
            assert operation["summary"].endswith("."), (method, path)
            assert set(operation["tags"]) <= nouns
            assert {"200", "201", "202", "204"} & operation["responses"].keys(), (method, path)


def test_calls_that_may_be_repeated_say_so(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").json
    below = document["paths"]

    for noun in ("/conversations", "/inboxes/{inbox_id}/assignment_runs"):
        told = below[f"/api/v1/accounts/{{account_id}}{noun}"]["post"]["parameters"]
        assert "Idempotency-Key" in [parameter["name"] for parameter in told]


def test_every_reference_in_the_document_is_in_it(app: Flask) -> None:
    text = app.test_client().get("/api/openapi.json").text
    document = app.test_client().get("/api/openapi.json").json

    for kind, name in set(re.findall(r'"#/components/(\w+)/([^"]+)"', text)):
        assert name in document["components"][kind], (kind, name)


def test_the_page_shows_every_call_without_the_internet(app: Flask) -> None:
    page = app.test_client().get("/api/docs")
    document = app.test_client().get("/api/openapi.json").json

    assert page.status_code == 200
    for path in document["paths"]:
        assert path in page.text.replace("<wbr>", "")
    assert "//" not in re.sub(r"<!--.*?-->", "", page.text).replace("http://localhost", "").replace(EXAMPLE, "")
    assert "<script" not in page.text
