"""Passwords, tokens, webhook secrets and sessions: shown once or never, kept as hashes, told to no log.

Seen to fail with a token's text kept for its name, with the page of an error showing the error, and with the path of
an invitation or of a helpdesk's webhooks in Flask's own line about it.
"""

import pytest

from tests.security import walks
from tests.security.worlds import PASSWORD, Worlds


@pytest.fixture(scope="module")
def secrets(worlds: Worlds) -> set[str]:
    """Everything of Acme that only they who were shown it may know."""
    cookie = worlds.ours.looker.client.get_cookie("evenhand")
    assert cookie
    found = {*worlds.ours.secrets, *worlds.theirs.secrets, PASSWORD, cookie.value}
    assert len(found) == 14
    return found


def test_no_page_and_no_call_shows_a_secret_again(worlds: Worlds, secrets: set[str]) -> None:
    answers = [answer for _, answer in walks.pages_of(worlds.app, worlds.ours)]
    calls = walks.calls(worlds.app, worlds.ours, frozenset({"GET"}))
    answers += [worlds.ours.admin.get(path) for _, _, path in calls]

    # The page of an invitation leads to itself: whoever sees it has the link.
    shown = [(answer.text.replace(answer.request.path, ""), answer) for answer in answers]
    assert not [answer.request.path for said, answer in shown for secret in secrets if secret in said]
    assert not [answer.request.path for answer in answers if "$argon2" in answer.text or "password_hash" in answer.text]


def test_no_table_keeps_a_secret_but_the_webhooks_that_sign_with_theirs(worlds: Worlds, secrets: set[str]) -> None:
    kept = walks.everything(worlds.session)
    told = {table for table, rows in kept.items() for row in rows for secret in secrets if secret in row}

    assert told == {"webhooks"}
    assert any("$argon2" in row for row in kept["users"])


def test_an_error_tells_neither_what_was_sent_nor_how_it_came_about(
    worlds: Worlds, secrets: set[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("in the middle")

    for endpoint in ("web.policies.create", "web.invitations.show", "labels.create", "hooks.hear"):
        monkeypatch.setitem(worlds.app.view_functions, endpoint, broken)
    broken.roles = frozenset(["administrator"])  # type: ignore[attr-defined]

    page = worlds.ours.looker.post("/policies", {"name": PASSWORD})
    link = worlds.ours.looker.get(f"/invitations/{worlds.ours.ids['invitation']}")
    call = worlds.ours.admin.post("/labels", {"title": PASSWORD})
    ids = worlds.ours.ids
    hook = worlds.ours.admin.client.post(f"/hooks/{ids['connection']}/{ids['hook']}", json={"event": PASSWORD})
    said = caplog.text

    assert {page.status_code, link.status_code, call.status_code, hook.status_code} == {500}
    assert "in the middle" in said
    for told in (page.text, link.text, call.text, hook.text, said):
        assert not [secret for secret in secrets if secret in told]
    assert not [text for text in (page.text, link.text, call.text) if "ZeroDivision" in text or "Traceback" in text]
