"""The checks of a connection to Chatwoot."""

from collections.abc import Mapping

from dashboard.helpdesks.values import Check
from tests.helpdesks.chatwoot.shop import ADA, CREDENTIALS, MIRA, NOON, WITH_BOT, Shop


def checks(shop: Shop, credentials: Mapping[str, str] = WITH_BOT) -> dict[str, Check]:
    """Return the checks by name; a failed one has a cure."""
    found = shop.adapter(credentials).check()
    assert all(check.ok or check.fix for check in found)
    return {check.check: check for check in found}


def failed(shop: Shop, credentials: Mapping[str, str] = WITH_BOT) -> list[str]:
    """Return the names of the checks that failed."""
    return [name for name, check in checks(shop, credentials).items() if not check.ok]


def test_all_checks_of_a_good_connection_pass(shop: Shop):
    """C20"""
    found = checks(shop)

    assert list(found) == [
        "reachable", "version", "clock", "token", "role", "webhooks", "bot", "automation", "history",
    ]  # fmt: skip
    assert all(check.ok for check in found.values())


def test_the_other_side_is_known_by_version_user_and_clock(shop: Shop):
    """C20"""
    about = shop.helpdesk.about()

    assert (about.version, about.own_id) == ("4.15.1", str(ADA))
    assert about.at is not None
    assert about.at.isoformat() == NOON


def test_a_version_before_4_8_is_too_old(shop: Shop):
    """C1"""
    shop.reset(version="4.7.0")

    assert failed(shop) == ["version"]


def test_a_helpdesk_that_does_not_answer_or_fails_inside_is_told_so(shop: Shop):
    """C20"""
    shop.there.option(queue_services="failing")
    assert failed(shop) == ["reachable"]

    shop.there.fault("502_html", times=None)

    assert failed(shop) == ["reachable"]
    assert len(checks(shop)) == 1


def test_a_wrong_token_and_a_wrong_account_stop_the_checks_there(shop: Shop):
    """C20"""
    assert failed(shop, {**CREDENTIALS, "token": "wrong"}) == ["token"]
    assert failed(shop, {**CREDENTIALS, "account_id": "4"}) == ["role"]


def test_a_bot_with_the_id_of_an_agent_would_keep_notifications_from_that_agent(shop: Shop):
    """C20"""
    shop.there.load(bots=[{"id": MIRA, "name": "Evenhand", "token": "same-id"}])
    credentials = {**CREDENTIALS, "bot_token": "same-id"}

    assert failed(shop, credentials) == ["bot"]
    assert "Mira Falk" in checks(shop, credentials)["bot"].sentence

    key = shop.waits()
    shop.adapter(credentials).assign(shop.read(key), str(MIRA))
    [notified] = [one for one in shop.there.log()["changes"] if one["what"] == "notification"]
    assert notified["suppressed"]


def test_a_bots_token_that_is_wrong_or_belongs_to_nobody_is_found_before_it_is_needed(shop: Shop):
    """C20"""
    found = checks(shop, {**CREDENTIALS, "bot_token": "revoked"})

    assert not found["bot"].ok
    assert found["bot"].fix is not None
    assert "Settings > Bots" in found["bot"].fix


def test_the_check_of_the_bot_assigns_nothing(shop: Shop):
    """C20"""
    shop.waits()

    checks(shop)

    assert not shop.there.log()["changes"]


def test_an_automation_rule_that_assigns_is_a_second_engine(shop: Shop):
    """C20"""
    actions = [{"action_name": "assign_agent", "action_params": [MIRA]}]
    shop.there.load(
        rules=[
            {"id": 1, "name": "VIP to Mira", "event_name": "conversation_created", "actions": actions, "active": True}
        ]
    )

    assert failed(shop) == ["automation"]
    assert "VIP to Mira" in checks(shop)["automation"].sentence


def test_without_enterprise_there_is_no_history_of_ends_and_before_4_11_2_no_signature(shop: Shop):
    """C20, C24"""
    shop.reset(version="4.9.0", enterprise=False)

    found = checks(shop)

    assert "back-tests do not know" in found["history"].sentence
    assert "no webhooks before 4.11.2" in found["webhooks"].sentence
