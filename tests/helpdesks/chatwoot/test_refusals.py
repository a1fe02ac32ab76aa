"""Each meaning of Chatwoot's 401, and its cure."""

from collections.abc import Callable, Mapping

import pytest

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from tests.helpdesks.chatwoot.shop import ADA, CREDENTIALS, MIRA, Shop


def revoked(shop: Shop) -> Mapping[str, str]:
    shop.there.act("set_user", agent=ADA, values={"token": "another"})
    return CREDENTIALS


def demoted(shop: Shop) -> Mapping[str, str]:
    shop.there.act("set_user", agent=ADA, values={"role": "agent"})
    return CREDENTIALS


def suspended(shop: Shop) -> Mapping[str, str]:
    shop.there.act("set_account", status="suspended")
    return CREDENTIALS


def of_a_stranger(shop: Shop) -> Mapping[str, str]:
    return shop.token_of(90)


def of_a_bot(_: Shop) -> Mapping[str, str]:
    return {**CREDENTIALS, "token": "token-of-bot-8"}


def of_a_platform(shop: Shop) -> Mapping[str, str]:
    shop.there.load(platform_tokens=["platform"])
    return {**CREDENTIALS, "token": "platform"}


def missing(_: Shop) -> Mapping[str, str]:
    return {**CREDENTIALS, "token": ""}


@pytest.mark.parametrize(
    ("arrange", "sentence", "fix"),
    [
        (revoked, "does not know this token", "Profile Settings > Access Token"),
        (demoted, "role of this token's user is too low", "Settings > Agents"),
        (suspended, "suspended", "Super Admin"),
        (of_a_stranger, "does not belong to this account", "Settings > Agents"),
        (of_a_bot, "token of a bot", "Profile Settings > Access Token"),
        (of_a_platform, "token of a bot or of a platform app", "Profile Settings > Access Token"),
        (missing, "did not reach Chatwoot", "header Api-Access-Token"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_each_401_has_its_meaning_and_its_cure(
    shop: Shop, arrange: Callable[[Shop], Mapping[str, str]], sentence: str, fix: str
):
    """C18"""
    credentials = arrange(shop)

    with pytest.raises(HelpdeskForbids) as refused:
        shop.adapter(credentials).make_webhook("https://evenhand.example/hooks/1/x", "x")

    assert sentence in refused.value.sentence
    assert fix in refused.value.fix


def test_a_proxy_that_drops_underscores_drops_nothing_of_ours(shop: Shop):
    """C20"""
    shop.reset(nginx=True)
    own = {"api_access_token": "token-of-user-1"}

    assert shop.http.get("/api/v1/profile", (), own).status == 401
    assert shop.helpdesk.about().own_id == str(ADA)


def test_an_agents_token_sees_only_its_inboxes_and_is_refused_by_the_checks(shop: Shop):
    """C20"""
    checks = {check.check: check for check in shop.adapter(shop.token_of(MIRA)).check()}

    assert len(shop.adapter(shop.token_of(MIRA)).read_setup({}).inboxes) == 1
    assert not checks["role"].ok
    assert checks["role"].fix is not None
    assert "Administrator" in checks["role"].fix


def test_an_account_id_that_is_no_number_stays_within_its_place_of_the_path(shop: Shop):
    """C3"""
    checks = shop.adapter({**CREDENTIALS, "account_id": "4/../3"}).check()

    assert not next(check for check in checks if check.check == "role").ok
    with pytest.raises(HelpdeskUnavailable):
        shop.adapter({**CREDENTIALS, "account_id": "4/../3"}).read_presence()
