"""A body that breaks off, or is too large, is refused before anything is done."""

import socket
from collections.abc import Callable
from contextlib import closing
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from dashboard.serving.messages import LARGEST_BODY
from tests import sites
from tests.security import walks
from tests.security.walks import WRITING
from tests.security.worlds import World, Worlds
from tests.sites import Answer, Site

TRIES = 50
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
NEW = b'{"name": "Half an inbox"}'


def announcing(length: int) -> bytes:
    return b"Content-Length: %d\r\n" % length


def by_form(ours: World, head: bytes) -> bytes:
    """Return the head of a form of somebody who is logged in."""
    cookie = ours.looker.client.get_cookie("evenhand")
    assert cookie
    path = f"/inboxes/{ours.ids['inbox']}/switches"
    kept = f"Host: localhost\r\nCookie: evenhand={cookie.value}\r\n"
    return b"POST %b HTTP/1.1\r\n%b%b%b\r\n" % (path.encode(), kept.encode(), FORM, head)


def by_call(ours: World, head: bytes) -> bytes:
    """Return the head of a call of the API."""
    kept = f"Host: localhost\r\nAuthorization: Bearer {ours.admin.token}\r\n"
    return b"POST /api/v1/accounts/%d/inboxes HTTP/1.1\r\n%b%b\r\n" % (ours.account_id, kept.encode(), head)


def by_hook(ours: World, head: bytes) -> bytes:
    """Return the head of a helpdesk's webhook."""
    return b"POST /hooks/%d/secret HTTP/1.1\r\nHost: localhost\r\n%b\r\n" % (int(str(ours.ids["connection"])), head)


def half(site: Site, *said: bytes) -> Answer:
    """Say this and no more, and return the answer."""
    with closing(site.connect(*said)) as client:
        client.shutdown(socket.SHUT_WR)
        return sites.answer(client)


def test_a_form_that_breaks_off_changes_nothing(site: Site, worlds: Worlds) -> None:
    """Seen to fail with the account's assignment switched off, for the form's last field was missing."""
    ours = worlds.ours
    whole = f"csrf_token={ours.looker.token()}&switch=account&on=on".encode()
    begun = whole.removesuffix(b"&on=on")
    before = walks.everything(worlds.session, ours.account_id)

    for head, body in ((announcing(len(whole)), begun), (CHUNKED, b"%x\r\n%b\r\n" % (len(begun), begun))):
        assert half(site, by_form(ours, head), body).status == 400

    assert walks.everything(worlds.session, ours.account_id) == before
    assert half(site, by_form(ours, announcing(len(whole))), whole).status == 303


def test_a_call_that_breaks_off_changes_nothing(site: Site, worlds: Worlds) -> None:
    """Seen to fail with 201, and an inbox."""
    before = walks.everything(worlds.session, worlds.ours.account_id)
    chunks = b"%x\r\n%b\r\n" % (len(NEW), NEW)

    for head, body in ((announcing(len(NEW) + 500), NEW), (CHUNKED, chunks), (CHUNKED, chunks + b"0\r\n")):
        refused = half(site, by_call(worlds.ours, head), body)
        assert (refused.status, b'{"error":' in refused.body) == (400, True)

    assert walks.everything(worlds.session, worlds.ours.account_id) == before


@pytest.mark.parametrize("length", [LARGEST_BODY + 1, 8 * LARGEST_BODY])
@pytest.mark.parametrize("by", [by_form, by_call, by_hook])
def test_whoever_sends_too_much_is_told_so_every_time(
    site: Site, worlds: Worlds, by: Callable[[World, bytes], bytes], length: int
) -> None:
    """Seen to fail with a connection that was reset while its client sent, and with 400 for a form in chunks."""
    body, chunk = b"x" * length, b"%x\r\n" % length
    for number in range(TRIES):
        said = (by(worlds.ours, CHUNKED), chunk, body) if number % 2 else (by(worlds.ours, announcing(length)), body)
        assert site.ask(*said).status == 413


def test_whoever_asks_before_sending_too_much_is_told_at_once(site: Site, worlds: Worlds) -> None:
    head = announcing(LARGEST_BODY + 1) + b"Expect: 100-continue\r\n"

    refused = site.ask(by_call(worlds.ours, head))

    assert refused.status == 413
    assert b"larger than 1 MiB" in refused.body


def test_no_call_obeys_a_body_that_breaks_off(worlds: Worlds) -> None:
    """Whatever serves it. Seen to fail with an account that is changed by half a body: 200."""
    before = walks.everything(worlds.session)
    for _, method, path in walks.calls(worlds.app, worlds.ours, WRITING):
        refused = worlds.ours.admin(method, path, **broken_off(b"{}"))
        assert refused.status_code == 400, (method, path)
    assert walks.everything(worlds.session) == before


def test_no_form_obeys_a_body_that_breaks_off(worlds: Worlds) -> None:
    """Whatever serves it. Seen to fail at each, first with 422 at the log-in."""
    ours, before = worlds.ours, walks.everything(worlds.session)
    token = f"csrf_token={ours.looker.token()}".encode()
    for rule in walks.page_rules(worlds.app, "POST"):
        path = walks.address(rule, {name: ours.ids[kind] for name, kind in walks.parameters(rule)})
        kind = {"content_type": "application/x-www-form-urlencoded"}
        refused: TestResponse = ours.looker.client.post(path, **broken_off(token), **kind)
        assert refused.status_code == 400, rule
    assert walks.everything(worlds.session) == before


def broken_off(body: bytes) -> dict[str, object]:
    """Return the body as servers hand it over that end it where its client ended it."""
    said = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body) + 6)}
    return {"input_stream": BytesIO(body), "environ_overrides": said}
