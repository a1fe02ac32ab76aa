"""The checks of a connection to Libredesk: each tells what to do, in the words of its screens."""

from typing import Any

import pytest

from dashboard.helpdesks.libredesk.checks import TRIED
from dashboard.helpdesks.values import Check
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.libredesk.shop import MIRA, OUR_RIGHTS, OURS, RETURNS, Shop

RIGHTS = [right.name for right in TRIED]


def checked(shop: Shop) -> dict[str, Check]:
    """Return the checks by name."""
    return {check.check: check for check in shop.helpdesk.check()}


def test_all_is_well(shop: Shop):
    """C20"""
    checks = shop.helpdesk.check()

    assert [check.check for check in checks if not check.ok] == []
    assert [check.fix for check in checks if check.fix] == []
    names = ["reachable", "key", "version", *RIGHTS, "own_team", "own_assignment", "rules", "webhook"]
    assert [check.check for check in checks] == names


def test_every_permission_that_our_agent_needs_is_tried(shop: Shop):
    """C20"""
    assert set(RIGHTS) == OUR_RIGHTS
    assert {name for name, check in checked(shop).items() if check.ok} >= OUR_RIGHTS


@pytest.mark.parametrize("right", RIGHTS)
def test_a_missing_permission_is_found_alone_and_named_as_the_page_roles_does(shop: Shop, right: str):
    """C20"""
    shop.may_all_but(right)

    [missing] = [check for check in shop.helpdesk.check() if not check.ok]

    assert missing.check == right
    assert missing.fix is not None
    assert "Admin > Teammates > Roles" in missing.fix


def test_trying_changes_nothing_there(shop: Shop):
    """C20"""
    key = shop.waits(assigned_user_id=MIRA)
    before = shop.read(key)

    shop.helpdesk.check()

    assert shop.read(key) == before
    assert shop.there.log()["changes"] == []


def test_a_server_that_is_not_there_is_told_and_nothing_more_is_asked(shop: Shop):
    """C20"""
    helpdesk = type(shop)(shop.there, PlainHttp("http://127.0.0.1:9", time_out=2)).helpdesk

    [check] = helpdesk.check()

    assert (check.check, check.ok) == ("reachable", False)
    assert check.fix is not None


def test_another_program_at_the_address_is_no_libredesk(shop: Shop):
    """C20"""
    shop.http.base_url += "/elsewhere"

    [check] = shop.helpdesk.check()

    assert not check.ok
    assert "check the address" in check.sentence


def test_a_wrong_key_ends_the_checks_with_what_to_do(shop: Shop):
    """C18, C20"""
    shop.there.act("set_user", agent=OURS, values={"api_key": "another"})

    reachable, key = shop.helpdesk.check()

    assert reachable.ok
    assert not key.ok
    assert "generate an API key" in (key.fix or "")


def test_a_version_before_1_0_is_too_old(shop: Shop):
    """C1"""
    shop.reset(version="0.9.1")

    check = checked(shop)["version"]

    assert (check.ok, check.sentence) == (False, "Libredesk 0.9.1 is too old.")


@pytest.mark.parametrize("version", ["1.0.0", "2.3.1", "2.10.0"])
def test_newer_versions_will_do(shop: Shop, version: str):
    """C1"""
    shop.reset(version=version)

    assert checked(shop)["version"] == Check(check="version", ok=True, sentence=f"Libredesk {version}.")


def test_our_agent_in_a_team_would_be_given_conversations(shop: Shop):
    """C20"""
    shop.there.act("add_member", team=RETURNS, agent=OURS)

    check = checked(shop)["own_team"]

    assert not check.ok
    assert "Returns" in check.sentence
    assert "empty its teams" in (check.fix or "")


def test_its_own_assignment_is_named_with_the_restart_that_it_needs(shop: Shop):
    """C19, C20"""
    before = checked(shop)["own_assignment"]
    shop.there.act("own_assignment", team=RETURNS, on=True)

    after = checked(shop)["own_assignment"]

    assert before.ok
    assert "restarted" in before.sentence
    assert (after.ok, after.sentence) == (False, "Libredesk itself assigns in Returns.")
    assert "Restart Libredesk" in (after.fix or "")


def rule(name: str, action: str, **more: Any) -> dict[str, Any]:
    """Return an automation rule as Libredesk answers it."""
    inner = {"groups": [], "actions": [{"type": action, "value": ["14"]}], "group_operator": "OR"}
    return {"id": 1, "name": name, "type": "new_conversation", "enabled": True, "rules": [inner], **more}


def test_rules_that_assign_to_agents_are_named_and_those_that_choose_teams_are_welcome(shop: Shop):
    """C20"""
    shop.there.load(
        rules=[
            rule("To Mira", "assign_user"),
            rule("To returns", "assign_team"),
            rule("Hourly", "assign_user", type="time_trigger"),
            rule("Old", "assign_user", enabled=False),
        ]
    )

    check = checked(shop)["rules"]

    assert (check.ok, check.sentence) == (False, "Automation rules assign to agents: To Mira, Hourly.")


def test_a_webhook_that_was_switched_off_there_is_found(shop: Shop):
    """C20, C21"""
    made = shop.helpdesk.make_webhook("http://127.0.0.1:9/hook", "secret")
    before = checked(shop)["webhook"]
    url = f"{shop.there.url}/api/v1/webhooks/{made.id}/toggle"
    shop.there.client.put(url, headers={"Authorization": f"token key-{OURS}:secret-{OURS}"})

    after = checked(shop)["webhook"]

    assert before.ok
    assert not after.ok
    assert "Admin > Integrations > Webhooks" in (after.fix or "")


def test_a_check_that_fails_meanwhile_is_a_failed_check_and_no_error(shop: Shop):
    """C20"""
    shop.there.fault("500", path="/teams", times=None)

    failed = [check.check for check in shop.helpdesk.check() if not check.ok]

    assert failed == ["teams:manage"]
