"""What we send to Libredesk and what its stand-in answers, compared with its published contract (OpenAPI, June 2026).

The contract has 43 of some 200 routes, and calls for no permission; each difference is listed with its reason.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from dashboard.helpdesks.values import HelpdeskTeam, NoteSetting
from tests.helpdesks.contracts import Contract, Difference
from tests.helpdesks.http import Exchange
from tests.helpdesks.libredesk.shop import CHAT, MAIL, MIRA, NOW, OURS, RETURNS, ROBOT, TOM, Shop

pytestmark = pytest.mark.needs("contracts")
CONTRACT = "libredesk-openapi-docs-2026-06-28.json"
API = "/api/v1"
BOTH = [str(MAIL), str(CHAT)]
NOT_DESCRIBED = "Not described, like most routes."
FILTERED = "Not described; the only way to read an inbox, open ones only, oldest first."
DIFFERENCES: dict[tuple[str, str], str] = {
    (f"GET {API}/settings/general", "path"): f"{NOT_DESCRIBED} It has the version.",
    (f"GET {API}/inboxes", "path"): NOT_DESCRIBED,
    (f"GET {API}/tags", "path"): NOT_DESCRIBED,
    (f"GET {API}/automations/rules", "path"): NOT_DESCRIBED,
    (f"GET {API}/webhooks", "path"): NOT_DESCRIBED,
    (f"POST {API}/webhooks", "path"): NOT_DESCRIBED,
    (f"PUT {API}/webhooks/{{id}}", "path"): NOT_DESCRIBED,
    (f"DELETE {API}/webhooks/{{id}}", "path"): NOT_DESCRIBED,
    (f"PUT {API}/conversations/{{uuid}}/custom-attributes", "path"): NOT_DESCRIBED,
    (f"GET {API}/agents/compact", "path"): f"{NOT_DESCRIBED} It has assistants too, and everybody's presence.",
    (f"GET {API}/teams/compact", "path"): NOT_DESCRIBED,
    (f"GET {API}/conversations/all", "parameter order"): FILTERED,
    (f"GET {API}/conversations/all", "parameter order_by"): FILTERED,
    (f"GET {API}/conversations/all", "parameter filters"): FILTERED,
    (f"GET {API}/conversations/{{uuid}}", "answer 404"): "Not described; a conversation that does not exist.",
    (f"GET {API}/conversations/{{uuid}}/messages", "answer 404"): "Not described; as above.",
    (f"PUT {API}/conversations/{{uuid}}/assignee/user/remove", "answer 404"): "Not described; as above.",
    (f"POST {API}/conversations/{{cuuid}}/messages", "answer 404"): "Not described; as above.",
    (f"POST {API}/conversations/{{cuuid}}/messages", "request"): "The check tries the permission with an empty body.",
    (f"GET {API}/conversations/{{uuid}}/messages", "answer 200 data/results/*/type"): "`activity` is missing there.",
    (f"GET {API}/conversations/{{uuid}}", "answer 200 data/meta"): "It is an object, as for a message.",
    (f"PUT {API}/teams/{{id}}", "request sla_policy_id"): "A team without a policy has null, and keeps it.",
    (f"GET {API}/teams", "answer 403"): "Not described; a missing permission.",
}
# What the stand-in leaves out of a thing that the contract describes.
LEFT_OUT = {
    "Conversation": {"assignee_last_seen_at"},  # older than 1.0
    "ConversationListItem": {"assignee_last_seen_at"},
    "Agent": set[str](),
    "Team": set[str](),
    "Status": set[str](),
    "Message": set[str](),
}


@pytest.fixture
def exchanges(shop: Shop) -> list[Exchange]:
    """Every call of the adapter, on a shop that has one of everything."""
    helpdesk = shop.helpdesk
    snoozed = {"status": "Snoozed", "snoozed_until": "2026-08-09T12:00:00+00:00"}
    shop.there.load(
        conversations=[
            {"inbox_id": MAIL, "age": 900, "tags": ["vip"], "assigned_team_id": RETURNS, "priority_id": 3},
            {"inbox_id": MAIL, "age": 800, "assigned_user_id": TOM},
            {"inbox_id": CHAT, "age": 700, **snoozed},
            {"inbox_id": CHAT, "age": 600, "status": "Closed"},
            {"inbox_id": CHAT, "age": 500, "assigned_user_id": ROBOT},
        ]
    )
    key, other = shop.waits(), shop.waits()
    shop.there.act("agent_replies", conversation=other.id)
    shop.there.act("resolve", conversation=other.id)
    helpdesk.about(), helpdesk.check()
    seen = shop.read(key)
    helpdesk.read_setup({})
    helpdesk.read_open(BOTH), helpdesk.read_waiting(BOTH), helpdesk.read_presence()
    helpdesk.assign(seen, str(MIRA)), helpdesk.assign(seen, None)
    helpdesk.note(key, "Because.", "https://evenhand.example/", NoteSetting.NOTE)
    helpdesk.note(key, "Because.", "https://evenhand.example/", NoteSetting.ATTRIBUTE)
    for on in (True, False):
        helpdesk.set_own_assignment(None, [HelpdeskTeam(id=str(RETURNS), name="Returns")], on=on)  # type: ignore[arg-type]
    made = [helpdesk.make_webhook("https://evenhand.example/hooks/1/x", "x") for _ in range(2)]
    helpdesk.remove_webhook(made[0].id)
    helpdesk.read_history(BOTH, NOW - timedelta(days=90))
    shop.may_all_but("teams:manage")
    helpdesk.read_setup({}), helpdesk.check()
    return shop.http.exchanges


@pytest.fixture(scope="module")
def contract() -> Contract:
    """The contract, with its nulls as JSON Schema has them."""
    return Contract(_with_nulls(Contract.read(CONTRACT).document))


def _with_nulls(part: Any) -> Any:
    """Return a part of an OpenAPI 3.0 document as 3.1 writes it."""
    if isinstance(part, list):
        return [_with_nulls(one) for one in part]
    if not isinstance(part, Mapping):
        return part
    told = {name: _with_nulls(value) for name, value in part.items()}
    return {**told, "type": [told["type"], "null"]} if told.pop("nullable", False) and "type" in told else told


def differences(contract: Contract, exchanges: list[Exchange]) -> list[Difference]:
    """Return where requests and answers differ from the contract."""
    found = list[Difference]()
    for one in exchanges:
        path = _path_of(contract, one)
        if path is None:
            call = f"{one.method} {_plain(one.path)}"
            found.append(Difference(call=call, place="path", message="The contract lacks this path."))
            continue
        call = f"{one.method} {path}"
        for name in one.params.keys() - contract.parameters(one.method, path):
            found.append(Difference(call=call, place=f"parameter {name}", message="The contract lacks this parameter."))
        if one.sent is not None:
            found += contract.request(one.method, path, one.sent)
        found += contract.answer(one.method, path, one.status, one.answered)
    return found


def _path_of(contract: Contract, one: Exchange) -> str | None:
    """Return the contract's path of a call; two of them differ only in what they call the id."""
    if one.path.endswith("/compact"):
        return None
    if one.path.endswith("/messages"):
        return f"{API}/conversations/{{{'cuuid' if one.method == 'POST' else 'uuid'}}}/messages"
    return contract.path_of(one.path)


def _plain(path: str) -> str:
    """Return a path without its ids."""
    steps = ["{id}" if step.isdigit() else "{uuid}" if len(step) == 36 else step for step in path.split("/")]
    return "/".join(steps)


def test_requests_and_answers_are_those_of_the_contract_but_for_what_it_leaves_out(
    contract: Contract, exchanges: list[Exchange]
):
    """C26"""
    found = differences(contract, exchanges)

    assert {(one.call, one.place, one.message) for one in found if (one.call, one.place) not in DIFFERENCES} == set()
    assert DIFFERENCES.keys() - {(one.call, one.place) for one in found} == set(), "These exceptions are not needed."


def test_the_stand_in_leaves_out_nothing_else_that_the_contract_lists(contract: Contract, exchanges: list[Exchange]):
    """C26"""
    answered: dict[str, Any] = {}
    for one in exchanges:
        if one.method == "GET" and one.status == 200:
            answered.setdefault(_plain(one.path).removeprefix(API), one.answered["data"])
    shown = {
        "Conversation": answered["/conversations/{uuid}"],
        "ConversationListItem": one_of(exchanges, "/conversations/all"),
        "Agent": answered["/agents/{id}"],
        "Team": answered["/teams"][0],
        "Status": answered["/statuses"][0],
        "Message": one_of(exchanges, "/messages"),
    }

    assert {name: contract.names_of(name) - thing.keys() for name, thing in shown.items()} == LEFT_OUT
    assert answered["/agents/me"]["id"] == OURS


def one_of(exchanges: list[Exchange], ending: str) -> Any:
    """Return the first row of the first list that has one."""
    lists = (one.answered["data"]["results"] for one in exchanges if one.path.endswith(ending) and _is_page(one))
    return next(rows[0] for rows in lists if rows)


def _is_page(one: Exchange) -> bool:
    return one.method == "GET" and one.status == 200
