"""The stand-in fails as Chatwoot fails: what the adapter does not ask for, and other tests rely on (C26)."""

from typing import Any

import pytest

from dashboard.helpdesks.port import Answer, HelpdeskUnavailable
from tests.helpdesks.chatwoot.shop import ADA, BOT, CHAT, MAIL, MIRA, RETURNS, TOM, Shop

ACCOUNT = "/api/v1/accounts/3"


def get(shop: Shop, path: str, token: str = f"token-of-user-{ADA}", **params: str | int) -> Answer:
    return shop.http.get(path, params, {"Api-Access-Token": token})


def post(shop: Shop, path: str, token: str = f"token-of-user-{ADA}", **body: Any) -> Answer:
    return shop.http.send("POST", f"{ACCOUNT}{path}", body, {"Api-Access-Token": token})


def test_both_spellings_of_the_header_are_one(shop: Shop):
    assert shop.http.get("/api/v1/profile", (), {"api_access_token": "token-of-user-1"}).status == 200


def test_another_accounts_path_is_401_and_its_conversation_404(shop: Shop):
    shop.there.load(inboxes=[{"id": 20, "account_id": 4, "name": "Else"}])
    shop.there.load(conversations=[{"account_id": 4, "inbox_id": 20}])

    assert get(shop, "/api/v1/accounts/4/conversations").status == 401
    assert get(shop, f"{ACCOUNT}/conversations/1").json == {"error": "Resource could not be found"}
    assert get(shop, "/api/v1/accounts/4/conversations/1", "token-of-user-90").status == 200


@pytest.mark.parametrize(("version", "status"), [("4.14.1", 401), ("4.15.0", 200)])
def test_a_bot_may_read_a_conversation_since_4_15_and_never_a_list(shop: Shop, version: str, status: int):
    shop.reset(version=version)
    shop.waits()

    assert get(shop, f"{ACCOUNT}/conversations/1", "token-of-bot-8").status == status
    assert get(shop, f"{ACCOUNT}/conversations", "token-of-bot-8").status == 401


def test_the_limit_counts_by_minutes_of_its_clock_and_names_no_pause(shop: Shop):
    shop.there.option(limit=3)
    shop.there.clock(now="2026-07-02T12:10:58+00:00")

    statuses = [shop.there.client.get(f"{shop.there.url}/api").status_code for _ in range(4)]
    refused = shop.there.client.get(f"{shop.there.url}/api")
    shop.there.clock(advance=2)

    assert statuses == [200, 200, 200, 429]
    assert (refused.text, refused.headers["content-type"]) == ("Retry later\n", "text/plain")
    assert "retry-after" not in refused.headers
    assert get(shop, "/api").status == 200


def test_counts_are_taken_before_the_assignee_is_asked_for(shop: Shop):
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 3}, {"inbox_id": CHAT, "count": 2, "assignee_id": TOM}])

    found = get(shop, f"{ACCOUNT}/conversations", assignee_type="assigned").json

    assert isinstance(found, dict)
    assert len(found["data"]["payload"]) == 2
    assert found["data"]["meta"] == {"mine_count": 0, "assigned_count": 2, "unassigned_count": 3, "all_count": 5}


def test_a_page_beyond_the_end_is_empty(shop: Shop):
    shop.waits()

    found = get(shop, f"{ACCOUNT}/conversations", page=9).json

    assert isinstance(found, dict)
    assert found["data"]["payload"] == []


def test_with_both_keys_only_the_agent_is_assigned(shop: Shop):
    key = shop.waits()

    post(shop, "/conversations/1/assignments", assignee_id=MIRA, team_id=RETURNS)

    assert (shop.read(key).assignee_id, shop.read(key).team_id) == (str(MIRA), None)


def test_a_team_clears_an_owner_outside_it_and_an_unknown_team_clears_the_team(shop: Shop):
    key = shop.waits(assignee_id=MIRA)

    answer = post(shop, "/conversations/1/assignments", team_id=RETURNS).json
    assert isinstance(answer, dict)
    assert "created_at" in answer
    assert (shop.read(key).assignee_id, shop.read(key).team_id) == (None, str(RETURNS))

    assert post(shop, "/conversations/1/assignments", team_id=999).json is None
    assert shop.read(key).team_id is None


def test_who_is_no_member_can_be_assigned_all_the_same(shop: Shop):
    key = shop.waits(inbox_id=MAIL)

    assert shop.helpdesk.assign(shop.read(key), str(MIRA)).assignee_id == str(MIRA)


def test_an_agent_who_opens_a_conversation_takes_it_and_an_administrator_does_not(shop: Shop):
    key = shop.waits()
    for user, owner in ((ADA, None), (MIRA, str(MIRA))):
        shop.there.act("resolve", conversation=1)
        post(shop, "/conversations/1/toggle_status", f"token-of-user-{user}", status="open")
        assert shop.read(key).assignee_id == owner


def test_our_own_assignment_writes_a_line_that_moves_the_last_activity(shop: Shop):
    key = shop.waits(age=600)
    before = shop.read(key)

    shop.helpdesk.assign(before, str(MIRA))

    after = shop.read(key)
    assert after.last_activity_at > before.last_activity_at
    [*_, line] = get(shop, f"{ACCOUNT}/conversations/1/messages").json["payload"]  # type: ignore[index,call-overload]
    assert (line["content"], line["message_type"]) == ("Assigned to Mira Falk by Ada Root", 2)
    assert after.waiting_since == before.waiting_since


def test_reporting_events_have_hidden_ids_newest_first(shop: Shop):
    for number in (1, 2):
        shop.waits()
        shop.there.clock(advance=10)
        shop.there.act("resolve", conversation=number)

    found = get(shop, f"{ACCOUNT}/reporting_events").json

    assert isinstance(found, dict)
    assert [one["conversation_id"] for one in found["payload"]] == [88_002, 88_001]
    shop.there.option(enterprise=False)
    assert get(shop, f"{ACCOUNT}/reporting_events").status == 404


def test_a_linked_bot_makes_new_conversations_pending_until_it_hands_them_off(shop: Shop):
    shop.there.load(inboxes=[{"id": 15, "name": "Bot first", "bot_id": BOT, "members": [MIRA]}])
    shop.there.act("customer_starts", inbox=15)
    assert not shop.helpdesk.read_open(["15"]).conversations

    shop.there.act("bot_hands_off", conversation=1)

    assert [one.waits for one in shop.helpdesk.read_waiting(["15"]).conversations] == [True]


def test_a_rule_that_sets_a_team_and_its_own_assignment_overwrite_each_other_within_six_seconds(shop: Shop):
    shop.there.act("agent_online", agent=TOM)
    shop.there.act("own_assignment", inbox=CHAT, on=True)
    shop.there.act("own_assignment", team=RETURNS, on=True)
    shop.there.option(team_race=RETURNS)
    for _ in range(10):
        shop.there.act("customer_starts", inbox=CHAT)

    for _ in range(12):
        shop.there.clock(advance=0.5)

    owners = [one for one in shop.there.log()["changes"] if one["what"] == "assignee_id"]
    overwritten = [one for one in owners if one["before"] is not None]
    assert overwritten, "Ten conversations were each assigned once: no race."


def test_the_same_seed_makes_the_same_installation(shop: Shop):
    ids = []
    for seed in (5, 5, 6):
        shop.reset(seed=seed)
        ids.append(shop.read(shop.waits()).id)

    assert ids[0] == ids[1] != ids[2]


def test_a_fault_hits_as_many_calls_as_it_is_told(shop: Shop):
    shop.there.fault("500", path="/agents", times=2)

    for _ in range(2):
        with pytest.raises(HelpdeskUnavailable):
            shop.helpdesk.read_presence()
    assert shop.helpdesk.read_presence()

    shop.there.fault("500", times=None, share=0.5)
    answers = [shop.there.client.get(f"{shop.there.url}/api").status_code for _ in range(40)]
    assert set(answers) == {200, 500}
    shop.there.end_faults()
    assert shop.helpdesk.read_presence()


def test_fifty_thousand_open_conversations_are_all_in_its_pages(shop: Shop):
    shop.there.load(conversations=[{"inbox_id": CHAT, "count": 50_000, "age": 90_000, "every": 1}])

    last = shop.helpdesk.read_open([str(CHAT)], "2000:0")

    assert (last.total, last.conversations[-1].display_id) == (50_000, "50000")
