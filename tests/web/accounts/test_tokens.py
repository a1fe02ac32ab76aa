"""API tokens on their page: shown once, revoked, used."""

import html
import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard import clock
from dashboard.store.models import ApiToken
from tests.counting import statements
from tests.desks import Acme
from tests.pages import Looker

TEXT = re.compile(r"<code>(eh_[^<]+)</code>")


def make(uma: Looker, **typed: object) -> str:
    answer = uma.post("/settings/tokens", {"name": "Helpdesk", "user_id": uma.user_id, **typed})
    assert answer.status_code == 201
    found = TEXT.search(answer.text)
    assert found
    return html.unescape(found[1])


def opens(uma: Looker, token: str) -> int:
    path = f"/api/v1/accounts/{uma.account_id}/agents"
    return uma.client.application.test_client().get(path, headers={"Authorization": f"Bearer {token}"}).status_code


def test_a_token_is_shown_once_opens_the_api_and_says_when_it_was_used(uma: Looker) -> None:
    token = make(uma)
    assert token not in uma.get("/settings/tokens").text
    assert 'data-label="last used"><span class="none"' in uma.get("/settings/tokens").text

    assert opens(uma, token) == 200

    assert 'data-label="last used"><time' in uma.get("/settings/tokens").text


def test_a_revoked_token_opens_nothing(uma: Looker) -> None:
    token = make(uma)

    answer = uma.post("/settings/tokens/1/revocation")

    assert (answer.status_code, answer.location) == (303, "/settings/tokens")
    assert opens(uma, token) == 401
    assert uma.post("/settings/tokens/1/revocation").status_code == 404


def test_a_token_acts_as_whom_it_names_until_the_end_of_its_last_day(uma: Looker, acme: Acme) -> None:
    last_day = (clock.now() + timedelta(days=2)).date()

    make(uma, user_id=acme.agents["Ana"], last_day=last_day.isoformat())

    row = acme.work.session.query(ApiToken).one()
    assert (row.user_id, row.expires_at and row.expires_at.date()) == (acme.agents["Ana"], last_day)


def test_its_last_day_ends_where_whoever_makes_it_is(uma: Looker, acme: Acme) -> None:
    last_day = (clock.now() + timedelta(days=2)).date()
    uma.client.set_cookie("zone", "America/New_York")

    make(uma, last_day=last_day.isoformat())

    row = acme.work.session.query(ApiToken).one()
    assert row.expires_at
    assert row.expires_at.astimezone(ZoneInfo("America/New_York")).date() == last_day


@pytest.mark.parametrize(
    ("field", "typed", "wrong"),
    [
        ("user_id", "999999", "user_id"),
        ("user_id", "x", "user_id"),
        ("last_day", "2020-01-01", "expires_at"),
        ("last_day", "soon", "expires_at"),
        ("name", "x" * 256, "name"),
    ],
)
def test_what_makes_no_sense_makes_no_token(uma: Looker, acme: Acme, *, field: str, typed: str, wrong: str) -> None:
    answer = uma.post("/settings/tokens", {"name": "Helpdesk", "user_id": uma.user_id, field: typed})

    assert answer.status_code == 422
    assert f'id="wrong-{wrong}"' in answer.text
    assert 'value="Helpdesk"' in answer.text or field == "name"
    assert acme.work.session.query(ApiToken).count() == 0


def test_the_number_of_queries_does_not_grow_and_the_list_is_paged(uma: Looker) -> None:
    def asked() -> int:
        with statements(uma.session()) as seen:
            assert uma.get("/settings/tokens").status_code == 200
        return len(seen)

    make(uma)
    before = asked()
    for _ in range(50):
        make(uma)

    assert asked() == before
    assert "page=2" in uma.get("/settings/tokens").text
