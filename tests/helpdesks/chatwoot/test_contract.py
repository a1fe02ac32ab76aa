"""What we send to Chatwoot and what its stand-in answers, compared with the published contract (OpenAPI, 4.15.1)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard.helpdesks.values import NoteSetting
from tests.helpdesks.chatwoot.shop import BOT, CHAT, MAIL, MIRA, NOON, RETURNS, TOM, WITH_BOT, Shop
from tests.helpdesks.contracts import Contract, Difference
from tests.helpdesks.http import Exchange

pytestmark = pytest.mark.needs("contracts")
CONTRACT = "chatwoot-swagger-v4.15.1.json"
ACCOUNT = "/api/v1/accounts/{account_id}"
ONE = f"{ACCOUNT}/conversations/{{conversation_id}}"
BOTH = [str(CHAT), str(MAIL)]
NOW = datetime.fromisoformat(NOON)
# Where the contract is wrong, and what the program does instead.
DIFFERENCES: dict[tuple[str, str], str] = {
    ("GET /api", "path"): "Not described; the version and health of the installation.",
    (f"GET {ACCOUNT}/cache_keys", "path"): "Not described; the marks of the set-up.",
    (f"GET {ACCOUNT}/conversations", "parameter sort_by"): "Not described; without it pages move while they are read.",
    (f"GET {ACCOUNT}/conversations", "parameter updated_within"): "Not described; the only reading of changes.",
    (f"GET {ACCOUNT}/conversations", "answer 200 data/payload/*/status"): "`snoozed` is missing among the statuses.",
    (f"GET {ACCOUNT}/conversations", "answer 200 data/payload/*/snoozed_until"): "It is ISO 8601, and no number.",
    (f"GET {ACCOUNT}/webhooks", "answer 200"): "The rows are in payload.webhooks.",
    (f"POST {ONE}/assignments", "answer 200"): "null un-assigned; the contract shows a user, the program an agent.",
    (f"POST {ACCOUNT}/webhooks", "answer 422"): "Not described; an address that is taken, or a wrong event.",
}
# What the stand-in leaves out of a thing that the contract describes.
LEFT_OUT = {
    "conversation": {"applied_sla", "sla_events"},  # only with the feature `sla`
    "agent": set[str](),
    "team": set[str](),
    "label": set[str](),
    "webhook": set[str](),
}


@pytest.fixture
def exchanges(shop: Shop) -> list[Exchange]:
    """Every call of the adapter, on a shop that has one of everything."""
    helpdesk, ended_at = shop.adapter(WITH_BOT), (NOW - timedelta(hours=3)).isoformat()
    shop.there.load(
        conversations=[
            {"inbox_id": CHAT, "age": 900, "labels": ["vip"], "team_id": RETURNS, "priority": "urgent"},
            {"inbox_id": CHAT, "age": 800, "assignee_id": TOM},
            {"inbox_id": MAIL, "age": 90_000, "assignee_id": TOM, "resolved_at": ended_at},
            {"inbox_id": CHAT, "age": 700},
            {"inbox_id": CHAT, "age": 700},
        ]
    )
    shop.there.act("bot_takes", conversation=4, bot=BOT)
    shop.there.act("snooze", conversation=5, until="2026-07-03T08:00:00+00:00")
    key = shop.waits()
    helpdesk.about(), helpdesk.check()
    setup, seen = helpdesk.read_setup({}), helpdesk.read_one(key)
    assert seen is not None
    for read in (helpdesk.read_open, helpdesk.read_waiting):
        read(BOTH), read([str(CHAT)])
    helpdesk.read_changed(BOTH, NOW - timedelta(minutes=5))
    helpdesk.read_presence()
    helpdesk.read_history(BOTH, NOW - timedelta(days=90))
    helpdesk.assign(seen, str(MIRA)), helpdesk.assign(seen, None)
    helpdesk.note(key, "Because.", "https://evenhand.example/", NoteSetting.NOTE)
    helpdesk.note(key, "Because.", "https://evenhand.example/", NoteSetting.ATTRIBUTE)
    helpdesk.set_own_assignment(setup.inboxes[0], setup.teams, on=False)
    made = [helpdesk.make_webhook("https://evenhand.example/hooks/1/x", "x") for _ in range(2)]
    helpdesk.remove_webhook(made[0].id)
    return shop.http.exchanges


def differences(exchanges: list[Exchange]) -> list[Difference]:
    """Return where requests and answers differ from the contract."""
    contract, found = Contract.read(CONTRACT), list[Difference]()
    for one in exchanges:
        path = contract.path_of(one.path)
        if path is None:
            found.append(
                Difference(
                    call=one.method + " " + one.path.replace("/accounts/3/", "/accounts/{account_id}/"),
                    place="path",
                    message="The contract lacks this path.",
                )
            )
            continue
        call = f"{one.method} {path}"
        for name in one.params.keys() - contract.parameters(one.method, path):
            found.append(Difference(call=call, place=f"parameter {name}", message="The contract lacks this parameter."))
        if one.sent is not None:
            found += contract.request(one.method, path, one.sent)
        found += contract.answer(one.method, path, one.status, one.answered)
    return found


def test_requests_and_answers_are_those_of_the_contract_but_for_its_known_mistakes(exchanges: list[Exchange]):
    """C26"""
    found = differences(exchanges)

    assert {(one.call, one.place, one.message) for one in found if (one.call, one.place) not in DIFFERENCES} == set()
    assert DIFFERENCES.keys() - {(one.call, one.place) for one in found} == set(), "These exceptions are not needed."


def test_the_stand_in_leaves_out_nothing_else_that_the_contract_lists(exchanges: list[Exchange]):
    """C26"""
    answered: dict[tuple[str, str], Any] = {}
    for one in exchanges:
        answered.setdefault((one.method, one.path.removeprefix("/api/v1/accounts/3")), one.answered)
    shown = {
        "conversation": answered["GET", "/conversations"]["data"]["payload"][0],
        "agent": answered["GET", "/agents"][0],
        "team": answered["GET", "/teams"][0],
        "label": answered["GET", "/labels"]["payload"][0],
        "webhook": answered["GET", "/webhooks"]["payload"]["webhooks"][0],
    }

    contract = Contract.read(CONTRACT)

    assert {name: contract.names_of(name) - thing.keys() for name, thing in shown.items()} == LEFT_OUT
