"""Nothing crosses from one account to another, on any page, by any form and by any call that there is or will be.

Each seen to fail with the account left out of what finds a row (store/shelf.py), and those that send ids in bodies or
many at once with it left out of store/references.py: the composite keys refused them, with another answer.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.security import walks
from tests.security.walks import API, WRITING
from tests.security.worlds import THEIR_FIRST_ID, World, Worlds

NOBODYS = 987_654
NO_DELIVERY = "00000000-0000-0000-0000-0000000f1206"


def strangest(ours: World, rule: Rule, theirs: dict[str, object]) -> Iterator[str]:
    """Yield the address with each of its ids in turn, and with all of them, from elsewhere."""
    named = [(name, kind) for name, kind in walks.parameters(rule) if kind not in walks.ANYBODYS]
    own = {name: ours.ids[kind] for name, kind in walks.parameters(rule)}
    for foreign in [*([one] for one in named), named]:
        yield walks.address(rule, own | {name: theirs[kind] for name, kind in foreign})


def with_ids(app: Flask, *, api: bool) -> list[tuple[str, Rule]]:
    """Return the methods and addresses that name something by its id."""
    return [
        (method, rule)
        for rule in walks.rules(app)
        for method in sorted((rule.methods or set()) & {"GET", *WRITING})
        if rule.endpoint.startswith("web.") != api and {kind for _, kind in walks.parameters(rule)} - walks.ANYBODYS
    ]


def bodies(app: Flask, rule: Rule, method: str) -> dict[str, Any]:
    """Return a body that the document says is valid."""
    document = app.test_client().get("/api/openapi.json").json
    asked = document["paths"][walks.documented(rule)][method.lower()].get("requestBody")
    if not asked:
        return {}
    schemas = document["components"]["schemas"]
    schema = schemas[asked["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]]
    return {name: example(schema["properties"][name]) for name in schema["properties"] if worth(name, schema)}


def worth(name: str, schema: dict[str, Any]) -> bool:
    """Take what is required, and in a change one field, so that there is something to do."""
    return name in schema.get("required", ()) or (
        not schema.get("required") and name == next(iter(schema["properties"]))
    )


def example(field: dict[str, Any]) -> Any:
    """Return a value that fits, and an id that is Globex's."""
    if "enum" in field or "example" in field:
        return field.get("example") or field["enum"][0]
    kind = field.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    return {"integer": 1, "boolean": True, "array": [], "object": {}}.get(kind, "x")


@pytest.mark.parametrize("method", ["GET", *sorted(WRITING)])
def test_a_call_finds_another_accounts_things_no_more_than_nothing(worlds: Worlds, method: str) -> None:
    before = walks.everything(worlds.session, worlds.theirs.account_id)
    for _, rule in (pair for pair in with_ids(worlds.app, api=True) if pair[0] == method):
        body = None if method == "GET" else bodies(worlds.app, rule, method)
        for path in strangest(worlds.ours, rule, worlds.theirs.ids):
            answer = worlds.ours.admin(method, path.removeprefix(f"/api/v1/accounts/{worlds.ours.account_id}"), body)
            assert answer.status_code == 404, (method, path, body, answer.text)
            assert worlds.theirs.word not in answer.text
    assert walks.everything(worlds.session, worlds.theirs.account_id) == before


def test_no_page_shows_another_accounts_things(worlds: Worlds) -> None:
    for _, rule in (pair for pair in with_ids(worlds.app, api=False) if pair[0] == "GET"):
        for path in strangest(worlds.ours, rule, worlds.theirs.ids):
            answer = worlds.ours.looker.get(path)
            assert answer.status_code == 404, path
            assert worlds.theirs.word not in answer.text


def test_no_form_reaches_another_accounts_things_by_its_address(worlds: Worlds) -> None:
    before = walks.everything(worlds.session, worlds.theirs.account_id)
    nobodys = dict.fromkeys(walks.KINDS.values(), NOBODYS) | {"delivery": NO_DELIVERY}
    for _, rule in (pair for pair in with_ids(worlds.app, api=False) if pair[0] == "POST"):
        pairs = zip(strangest(worlds.ours, rule, worlds.theirs.ids), strangest(worlds.ours, rule, nobodys), strict=True)
        for theirs, nothing in pairs:
            statuses = [worlds.ours.looker.post(path).status_code for path in (theirs, nothing)]
            assert statuses[0] == statuses[1], (theirs, statuses)
            assert 400 <= statuses[0] < 500, (theirs, statuses)
    assert walks.everything(worlds.session, worlds.theirs.account_id) == before


IDS = (
    *("user_id", "user_ids", "agent_id", "agent_ids", "inbox_id", "team_id", "assignee_id", "assignment_policy_id"),
    "overflow_team_id",
    "channel_ids",
)


def test_no_body_of_a_call_takes_another_accounts_ids(worlds: Worlds) -> None:
    before = walks.everything(worlds.session, worlds.theirs.account_id)
    document = worlds.app.test_client().get("/api/openapi.json").json
    tried = set()
    for rule in (rule for rule in walks.rules(worlds.app) if rule.rule.startswith(API)):
        own = {name: worlds.ours.ids[kind] for name, kind in walks.parameters(rule)}
        path = walks.address(rule, own).removeprefix(f"/api/v1/accounts/{worlds.ours.account_id}")
        for method in sorted((rule.methods or set()) & WRITING):
            for name, body in foreign_bodies(document, worlds, rule, method):
                answer = worlds.ours.admin(method, path, body)
                assert answer.status_code in (404, 422), (method, path, body, answer.text)
                tried.add(name)
    assert tried == set(IDS)
    assert walks.everything(worlds.session, worlds.theirs.account_id) == before


def foreign_bodies(document: Any, worlds: Worlds, rule: Rule, method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    asked = document["paths"][walks.documented(rule)][method.lower()].get("requestBody")
    if not asked:
        return
    schema = asked["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
    properties = document["components"]["schemas"][schema]["properties"]
    unknown = {name for name in properties if name.endswith(("_id", "_ids"))} - {*IDS, "external_id"}
    assert not unknown, "an id of a new kind: what is Globex's of that kind?"
    own = {"inbox_id": worlds.ours.ids["inbox"], "conversation_limit": 1, "overflow_after": 5}
    for name in sorted(properties.keys() & set(IDS)):
        kept = {other: value for other, value in own.items() if other in properties}
        yield name, kept | {name: [THEIR_FIRST_ID] if name.endswith("s") else THEIR_FIRST_ID}


def test_many_at_once_are_refused_for_one_that_is_another_accounts(worlds: Worlds) -> None:
    ours, before = worlds.ours, walks.everything(worlds.session)
    one = {"inbox_id": ours.ids["inbox"], "subject": "Fine"}
    for wrong in (
        {"inbox_id": THEIR_FIRST_ID},
        {**one, "team_id": THEIR_FIRST_ID},
        {**one, "assignee_id": THEIR_FIRST_ID},
    ):
        assert ours.admin.post("/conversations/bulk", {"conversations": [one, wrong]}).status_code == 422
    assert ours.admin.post("/heartbeats", {"agent_ids": [ours.ids["agent"], THEIR_FIRST_ID]}).status_code == 422
    assert walks.everything(worlds.session) == before


NAMES = (*IDS, "subject_id", "run_id", "inbox", "team", "assignee", "agent", "job")


def test_no_page_is_filtered_into_another_account(worlds: Worlds) -> None:
    asked = dict.fromkeys(NAMES, str(THEIR_FIRST_ID))
    for path in walks.addresses_of(worlds.app, worlds.ours):
        for query in (asked, {"label": worlds.theirs.word}):
            answer = worlds.ours.looker.get(path, query_string=query)
            assert answer.status_code < 500, (path, query)
            typed = (f'value="{worlds.theirs.word}"', f"label={worlds.theirs.word}")
            told = answer.text.replace(typed[0], "").replace(typed[1], "")
            assert worlds.theirs.word not in told, (path, query)


def test_no_list_is_filtered_into_another_account(worlds: Worlds) -> None:
    document = worlds.app.test_client().get("/api/openapi.json").json
    tried = set()
    for rule, _, path in walks.calls(worlds.app, worlds.ours, frozenset({"GET"})):
        said = document["paths"][walks.documented(rule)]["get"].get("parameters", ())
        for name in {one["name"] for one in said} & {*NAMES, "label"}:
            value = worlds.theirs.word if name == "label" else THEIR_FIRST_ID
            answer = worlds.ours.admin.get(path, query_string={name: value})
            assert answer.status_code in (200, 404, 422), (path, name)
            assert answer.status_code != 200 or answer.json["data"] == [], (path, name)
            tried.add(name)
    assert tried >= {"inbox_id", "team_id", "assignee_id", "label"}
