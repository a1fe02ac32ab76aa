"""What the stand-in of Libredesk promises to other tests: each line was seen on the program, or read in its source."""

import json
import time
from typing import Any

import httpx
import pytest

from dashboard.helpdesks.port import HelpdeskUnavailable
from tests.helpdesks.libredesk.shop import CHAT, MAIL, MIRA, OURS, RETURNS, ROBOT, SALES, TOM, Shop

NOBODYS = "/conversations/00000000-0000-4000-8000-000000000000"


def call(shop: Shop, method: str, path: str, *, by: int = OURS, **more: Any) -> httpx.Response:
    """Call its API as an agent."""
    headers = {"Authorization": f"token key-{by}:secret-{by}"}
    return shop.there.client.request(method, f"{shop.there.url}/api/v1{path}", headers=headers, **more)


def told(answer: httpx.Response) -> tuple[int, str | None]:
    """Return the status, and the type of the error."""
    return answer.status_code, answer.json().get("error_type")


@pytest.mark.parametrize(
    ("method", "path", "wanted"),
    [
        ("GET", "/conversations/4711", (500, "GeneralException")),
        ("GET", NOBODYS, (404, "NotFoundException")),
        ("GET", "/agents/4711", (404, "NotFoundException")),
        ("GET", "/agents/mira", (400, "InputException")),
        ("GET", "/teams/4711", (400, "InputException")),
        ("PUT", "/teams/4711", (500, "GeneralException")),
        ("GET", "/nothing", (404, "GeneralException")),
        ("DELETE", "/webhooks/4711", (200, None)),
        ("PUT", "/webhooks/4711/toggle", (500, "GeneralException")),
        ("GET", "/conversations/all?order_by=conversations.updated_at", (500, "GeneralException")),
        ("GET", "/conversations/all?order=sideways&order_by=conversations.created_at", (500, "GeneralException")),
        ("GET", "/conversations/all?filters=nonsense", (500, "GeneralException")),
        ("GET", "/conversations/all?page=-1&page_size=many", (200, None)),
    ],
)
def test_errors_are_those_of_the_program(shop: Shop, method: str, path: str, wanted: tuple[int, str | None]):
    """C26"""
    assert told(call(shop, method, path, json={} if method == "PUT" else None)) == wanted


@pytest.mark.parametrize(
    "condition",
    [
        {"field": "updated_at", "operator": "set"},
        {"field": "inbox_id", "operator": "equals", "value": "support"},
        {"field": "inbox_id", "operator": "in", "value": "[2]"},
        {"field": "created_at", "operator": "between", "value": "2026-08-08T12:00:00Z"},
        {"field": "created_at", "operator": "near", "value": "2026-08-08T12:00:00Z"},
    ],
)
def test_a_filter_that_it_does_not_know_is_500(shop: Shop, condition: dict[str, str]):
    """C26"""
    filters = json.dumps([{"model": "conversations", "value": "", **condition}])

    assert call(shop, "GET", "/conversations/all", params={"filters": filters}).status_code == 500


def test_pages_are_of_thirty_and_at_most_five_hundred_and_nothing_is_counted_beyond_the_end(shop: Shop):
    """C26"""
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 600, "age": 900, "every": 1}])

    def page(**params: Any) -> tuple[int, int, int]:
        data = call(shop, "GET", "/conversations/all", params=params).json()["data"]
        return len(data["results"]), data["total"], data["per_page"]

    assert page() == (30, 600, 30)
    assert page(page_size=9_999) == (500, 600, 500)
    assert page(page=99) == (0, 0, 30)


def test_before_2_1_a_page_has_a_hundred_whatever_size_it_tells(shop: Shop):
    """C26"""
    shop.reset(version="1.0.3")
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 150, "age": 900, "every": 1}])

    data = call(shop, "GET", "/conversations/all", params={"page_size": 500}).json()["data"]

    assert (len(data["results"]), data["per_page"], data["total"]) == (100, 500, 150)
    assert "reference_number" not in data["results"][0]


def test_an_item_of_a_list_has_neither_inbox_nor_tags_nor_category(shop: Shop):
    """C26"""
    key = shop.waits(tags=["vip"])

    [item] = call(shop, "GET", "/conversations/all").json()["data"]["results"]
    alone = call(shop, "GET", f"/conversations/{key.id}").json()["data"]

    missing = {"inbox_id", "tags", "status_category", "custom_attributes", "snoozed_until", "status_id"}
    assert missing & item.keys() == set()
    assert missing <= alone.keys()


def test_lists_of_agents_have_assistants_and_disabled_ones_but_no_deleted_ones(shop: Shop):
    """C26"""
    shop.there.act("set_user", agent=TOM, values={"enabled": False})
    shop.there.act("remove_agent", agent=MIRA)

    def ids(path: str) -> set[int]:
        return {one["id"] for one in call(shop, "GET", path).json()["data"]}

    assert ids("/agents/compact") == {TOM, ROBOT, OURS}
    assert ids("/agents") == {TOM, OURS}


def test_a_team_that_is_written_in_part_loses_the_rest(shop: Shop):
    """C26"""
    call(shop, "PUT", f"/teams/{RETURNS}", json={"conversation_assignment_type": "Manual"})

    team = call(shop, "GET", f"/teams/{RETURNS}").json()["data"]

    assert (team["name"], team["timezone"], team["emoji"]) == ("", "", "")
    assert (team["business_hours_id"], team["max_auto_assigned_conversations"]) == (None, 0)


def test_nobody_may_be_assigned_again_and_nobody_is_no_agent(shop: Shop):
    """C26"""
    free, taken = shop.waits(), shop.waits(assigned_user_id=MIRA)

    def assign(uuid: str, to: object) -> int:
        return call(shop, "PUT", f"/conversations/{uuid}/assignee/user", json={"assignee_id": to}).status_code

    assert [assign(free.id, 0), assign(taken.id, 0), assign(free.id, "14")] == [200, 500, 400]


def test_the_autoassigner_takes_all_but_those_who_are_away_by_hand_in_any_status(shop: Shop):
    """C26"""
    shop.there.act("own_assignment", team=RETURNS, on=True)
    shop.there.act("agent_busy", agent=MIRA, state="away")
    opened = shop.waits(assigned_team_id=RETURNS)
    ended = shop.waits(assigned_team_id=RETURNS, status="Resolved")
    elsewhere = shop.waits(assigned_team_id=SALES)

    shop.there.clock(advance=301)

    assert [shop.read(one).assignee_id for one in (opened, ended, elsewhere)] == [str(MIRA), str(MIRA), None]


def test_the_first_time_of_resolving_stays(shop: Shop):
    """C26"""
    key = shop.waits()

    def resolved_at() -> object:
        return call(shop, "GET", f"/conversations/{key.id}").json()["data"]["resolved_at"]

    shop.there.act("resolve", conversation=key.id)
    first = resolved_at()
    shop.there.clock(advance=60)
    shop.there.act("reopen", conversation=key.id)
    shop.there.act("resolve", conversation=key.id)

    assert first == resolved_at() == "2026-08-08T12:00:00Z"


def test_a_deleted_team_and_a_deleted_inbox_take_theirs_in_silence(shop: Shop):
    """C26"""
    teamed, chat = shop.waits(assigned_team_id=SALES), shop.waits(inbox_id=CHAT)
    before = shop.read(teamed).updated_at

    shop.there.act("delete_team", team=SALES)
    shop.there.act("delete_inbox", inbox=CHAT)

    assert (shop.read(teamed).team_id, shop.read(teamed).updated_at) == (None, before)
    assert shop.helpdesk.read_one(chat) is None


def test_status_and_tags_are_written_by_name(shop: Shop):
    """C26"""
    key = shop.waits(tags=["late"])

    def put(**body: object) -> int:
        return call(shop, "PUT", f"/conversations/{key.id}/status", by=MIRA, json=body).status_code

    statuses = [put(status="Lost"), put(status="Snoozed"), put(status="Snoozed", snoozed_until="2h")]
    tags = {"tags": ["vip", "unknown"], "action": "add_tags"}
    call(shop, "POST", f"/conversations/{key.id}/tags", by=MIRA, json=tags)

    assert statuses == [500, 400, 200]
    assert shop.read(key).labels == ("late", "vip")


def test_a_restored_copy_gives_a_number_to_another_conversation(shop: Shop):
    """C12"""
    key = shop.waits()
    number = shop.read(key).display_id

    shop.there.act("restore", conversation=key.id)

    [other] = shop.helpdesk.read_open([str(MAIL)]).conversations
    assert other.display_id == number
    assert other.id != key.id


def test_a_key_costs_what_it_is_told_to_cost(shop: Shop):
    """C26: every call there verifies the secret with bcrypt."""
    shop.there.option(verify_ms=30)
    began = time.monotonic()

    for _ in range(5):
        call(shop, "GET", "/inboxes")

    assert time.monotonic() - began >= 0.15


@pytest.mark.gate
def test_fifty_thousand_are_read_in_a_hundred_and_one_pages(shop: Shop):
    """C6"""
    shop.there.load(conversations=[{"inbox_id": MAIL, "count": 50_000, "age": 90_000, "every": 1}])
    page, pages, found = shop.helpdesk.read_open([str(MAIL)]), 1, 0

    found += len(page.conversations)
    while page.next is not None:
        page = shop.helpdesk.read_open([str(MAIL)], page.next)
        pages, found = pages + 1, found + len(page.conversations)

    assert (pages, found, page.total) == (101, 50_000, 50_000)


def test_a_call_that_gets_no_answer_in_time_may_have_been_carried_out(shop: Shop):
    """C13"""
    key = shop.waits()
    seen = shop.read(key)
    shop.there.fault("write_then_timeout:2", path="/assignee/user")
    shop.http.time_out = 0.5

    with pytest.raises(HelpdeskUnavailable):
        shop.helpdesk.assign(seen, str(MIRA))

    shop.http.time_out = 10.0
    assert shop.read(key).assignee_id == str(MIRA)
