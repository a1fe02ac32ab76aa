"""From no connection to shadow, step by step, in a browser without scripts, against a Chatwoot that stands in."""

import re
from collections.abc import Iterator

import pytest
from werkzeug.test import TestResponse

from dashboard.config import Settings
from dashboard.engine.model import Role
from dashboard.store.helpdesks import directory
from dashboard.store.models import AccountUser, Connection
from tests.desks import Acme
from tests.pages import HTMX, AtOnce, Looker, hire, kept, looking
from tests.shopping import TYPED, Shopping, nearby, shopping

AT = "/settings/connections"
SECRET = re.compile(r"/hooks/1/([\w-]+)")


@pytest.fixture
def shop(acme: Acme, settings: Settings, worker: AtOnce) -> Iterator[Shopping]:
    """A shop with a Chatwoot on this machine."""
    with shopping(acme, nearby(settings), worker) as found:
        yield found


@pytest.fixture
def uma(shop: Shopping, acme: Acme, worker: AtOnce) -> Looker:
    """An administrator where helpdesks on this machine may be called."""
    app = kept(shop.settings, worker)
    return looking(app, acme.account_id, hire(acme.work, acme.account_id, "Uma", Role.ADMINISTRATOR))


def connect(uma: Looker, shop: Shopping, **typed: str) -> TestResponse:
    return uma.post(AT, {**TYPED, "url": shop.there.url, **typed})


def chosen(uma: Looker, shop: Shopping) -> None:
    """Go as far as to the agents."""
    connect(uma, shop)
    assert uma.post(f"{AT}/1/checks").status_code == 200
    assert uma.post(f"{AT}/1/inboxes", {"inbox": ["12"]}).location == f"{AT}/1/agents"


def people(shop: Shopping) -> dict[str, tuple[int | None, bool]]:
    found = directory.read(shop.acme.work.session, 1).agents.values()
    shop.acme.work.session.rollback()
    return {one.name: (one.agent_id, one.ignored) for one in found if one.active}


def test_an_empty_list_leads_to_the_choice_of_a_helpdesk_with_its_own_fields(uma: Looker) -> None:
    """C20"""
    assert f'href="{AT}/new"' in uma.get(AT).text

    first, second = (uma.get(f"{AT}/new{asked}").text for asked in ("", "?kind=libredesk"))

    for name in ("Chatwoot", "Libredesk", "Request Tracker"):
        assert f"<b>{name}</b>" in first
    assert "Admin &gt; Teammates &gt; Agents" in second
    assert "credentials.api_secret" in second
    assert "credentials.account_id" not in second


def test_a_form_without_its_token_is_shown_again_with_what_is_missing_and_no_secret(
    uma: Looker, shop: Shopping
) -> None:
    """C3, C20"""
    answer = connect(uma, shop, **{"credentials.account_id": "", "url": "nowhere"})

    assert answer.status_code == 422
    assert 'id="wrong-url"' in answer.text
    assert "token-of-user-1" not in answer.text
    assert uma.get(AT).text.count("<tr>") == 0


def test_checks_are_lines_with_what_to_do_and_the_webhooks_line_changes_by_itself(uma: Looker, shop: Shopping) -> None:
    """C20"""
    assert connect(uma, shop).location == f"{AT}/1/checks"
    before = uma.get(f"{AT}/1/checks").text

    checked = uma.post(f"{AT}/1/checks").text
    waits = uma.get(f"{AT}/1/checks/webhook", headers={**HTMX, "HX-PTag": "waits"})
    shop.acme.work.session.query(Connection).update({"last_webhook_at": shop.connection().created_at})
    shop.acme.work.session.commit()
    came = uma.get(f"{AT}/1/checks/webhook", headers=HTMX)

    assert 'hx-trigger="load, submit"' in before
    assert 'data-ok="yes"' in checked
    assert SECRET.search(checked)
    assert 'hx-trigger="every 2s"' in checked
    assert waits.status_code == 304
    assert 'data-ok="yes"' in came.text
    assert "A real webhook has arrived" in came.text
    assert "hx-trigger" not in came.text


def test_a_wrong_token_is_told_with_its_cure_and_new_credentials_mend_it(uma: Looker, shop: Shopping) -> None:
    """C20, C18"""
    connect(uma, shop, **{"credentials.token": "wrong"})
    refused = uma.post(f"{AT}/1/checks").text

    typed = {"credentials.account_id": "3", "credentials.token": "token-of-user-1"}
    saved = uma.post(f"{AT}/1/credentials", typed)
    mended = uma.post(f"{AT}/1/checks").text

    assert 'data-ok="no"' in refused
    assert 'class="cure"' in refused
    assert "Choose inboxes" not in refused
    assert saved.location == f"{AT}/1/checks"
    assert "Choose inboxes" in mended


@pytest.mark.gate
def test_a_wrong_address_is_entered_again_and_nothing_of_it_stays(uma: Looker) -> None:
    """C20"""
    uma.post(AT, {**TYPED, "url": "http://127.0.0.1:9"})
    assert "Check again" in uma.post(f"{AT}/1/checks").text

    again = uma.post(f"{AT}/1/deletion", {"keep": "no", "again": "yes"})

    assert again.location.startswith(f"{AT}/new?kind=chatwoot")
    assert 'value="http://127.0.0.1:9"' in uma.get(again.location).text
    assert uma.get(f"{AT}/1").status_code == 404


def test_ticked_inboxes_are_watched_in_shadow_and_others_are_not(uma: Looker, shop: Shopping) -> None:
    """C19, C20"""
    shop.waits(2)
    connect(uma, shop)
    uma.post(f"{AT}/1/checks")
    listed = uma.get(f"{AT}/1/inboxes").text

    uma.post(f"{AT}/1/inboxes", {"inbox": ["12"]})

    assert "Shop chat" in listed
    assert ">2</td>" in listed
    modes = {link.name: link.mode for link in directory.read(shop.acme.work.session, 1).inboxes.values()}
    assert modes == {"Shop chat": "shadow", "Mail": "off"}


def test_proposals_are_confirmed_with_one_button(uma: Looker, shop: Shopping) -> None:
    """C2, C20"""
    chosen(uma, shop)
    page = uma.get(f"{AT}/1/agents").text

    uma.post(f"{AT}/1/agents/confirmation")

    assert "Confirm the 1 proposal" in page
    assert "Ana?" in page
    assert people(shop)["Mira Falk"] == (shop.acme.agents["Ana"], False)


def test_one_person_becomes_an_agent_a_new_one_or_nobody_and_back(uma: Looker, shop: Shopping) -> None:
    """C2"""
    chosen(uma, shop)
    for external_id, typed in (("41", {"agent": "Bo"}), ("44", {"do": "new"}), ("46", {"do": "ignore"})):
        assert uma.post(f"{AT}/1/agents", {"external_id": external_id, **typed}).status_code == 303

    found = people(shop)
    new = shop.acme.work.session.query(AccountUser).filter_by(name="Tom Berg").one()
    uma.post(f"{AT}/1/agents", {"external_id": "46", "do": "undo"})

    assert found["Mira Falk"] == (shop.acme.agents["Bo"], False)
    assert found["Tom Berg"] == (new.user_id, False)
    assert found["Vera Cole"] == (None, True)
    assert people(shop)["Vera Cole"] == (None, False)


def test_a_name_of_nobody_is_refused_at_its_person_and_kept(uma: Looker, shop: Shopping) -> None:
    """C2"""
    chosen(uma, shop)

    refused = uma.post(f"{AT}/1/agents", {"external_id": "41", "agent": "Zoltan"})

    assert refused.status_code == 422
    assert 'value="Zoltan"' in refused.text
    assert refused.text.count('class="problem"') == 1


def test_everybody_without_a_proposal_becomes_a_new_agent_at_once(uma: Looker, shop: Shopping) -> None:
    """C2, C20: a company that begins with Evenhand has nobody in it yet."""
    chosen(uma, shop)

    uma.post(f"{AT}/1/agents/creation")

    found = people(shop)
    assert found["Mira Falk"] == (None, False)
    assert all(agent_id for name, (agent_id, _) in found.items() if name != "Mira Falk")


def test_the_own_assignment_is_switched_off_by_a_button(uma: Looker, shop: Shopping) -> None:
    """C19, C20"""
    chosen(uma, shop)
    before = uma.get(f"{AT}/1/own_assignment").text

    answer = uma.post(f"{AT}/1/own_assignment", {"external_id": "12"})

    assert "Switch it off" in before
    assert answer.status_code == 303
    assert "There is nothing to do here" in uma.get(f"{AT}/1/own_assignment").text


def test_the_first_sync_shows_how_far_it_is_and_ends_in_shadow(uma: Looker, shop: Shopping) -> None:
    """C6, C20"""
    shop.waits(3)
    chosen(uma, shop)
    before = uma.get(f"{AT}/1/sync").text

    shop.poll()
    after = uma.get(f"{AT}/1/sync", headers=HTMX).text

    assert 'hx-trigger="every 1s"' in before
    assert "3 of them" in after
    assert "hx-trigger" not in after
    assert "Shop chat" in after


def test_whoever_comes_back_goes_on_where_it_was_left(uma: Looker, shop: Shopping) -> None:
    """C20"""
    connect(uma, shop)
    steps = [f"{AT}/1/checks", f"{AT}/1/inboxes", f"{AT}/1/agents"]
    found = [uma.get(AT).text]
    uma.post(f"{AT}/1/checks")
    found.append(uma.get(AT).text)
    uma.post(f"{AT}/1/inboxes", {"inbox": ["12"]})
    found.append(uma.get(AT).text)

    for step, page in zip(steps, found, strict=True):
        assert f'class="go" href="{step}"' in page
