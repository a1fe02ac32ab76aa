"""Names can be seen and leave the text around them alone, whatever they name."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Caller
from tests.desks import Acme

BLANK = ("\u200b", "\u3164", "\u2800", "\u2003\u200d\u2003", "\u0301", "\ufe0f", "\u115f\u1160")
BENT = ("\u202eabc", "a\u2066b", "a\u2069b", "a\u200eb", "\u061ca", "a\u202cb")
CONTROLS = ("a\nb", "a\tb", "a\x1b[2Jb", "a\x7fb", "a\x85b", "a\u2028b", "\ufeffa", "a\u00adb", "a\ue000", "a\ufff9b")
JOINERS = ("\u200da", "a\u200d", "a \u200d b", "a\u200d\u200d\u200d", "a\U000e0067")
READABLE = (
    "Support desk",
    "שלום",
    "नमस्ते",
    "می‌خواهم",
    "👨‍👩‍👧",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "❤️",
    "日本 サポート",
    "#1",
    "e\u0301",
    "\U0001fae9",  # a face of a later Unicode than Python 3.11 knows
)
Place = tuple[str, str, Callable[[str], Any]]


def places(acme: Acme) -> list[Place]:
    """Return each call that takes a name: its path, the field, and the body around it."""
    inbox = {"inbox_id": acme.support}
    return [
        ("/agents", "name", lambda name: {"name": name, "email": "new@acme.example"}),
        ("/tokens", "name", lambda name: {"name": name}),
        ("/inboxes", "name", lambda name: {"name": name}),
        ("/inboxes", "channel", lambda name: {"name": "Night", "channel": name}),
        ("/teams", "name", lambda name: {"name": name}),
        ("/labels", "title", lambda name: {"title": name}),
        ("/assignment_policies", "name", lambda name: {"name": name}),
        ("/agent_capacity_policies", "name", lambda name: {"name": name}),
        (
            "/agent_capacity_policies",
            "exclusion_rules.excluded_labels",
            lambda name: {"name": "Few", "exclusion_rules": {"excluded_labels": [name]}},
        ),
        ("/conversations", "labels", lambda name: {**inbox, "labels": [name]}),
        ("/webhooks", "url", lambda name: {"url": f"https://93.184.216.34/{name}"}),
    ]


@pytest.mark.parametrize("name", [*BLANK, *BENT, *CONTROLS, *JOINERS], ids=ascii)
def test_a_name_that_cannot_be_seen_or_turns_others_is_refused_by_its_field(
    admin: Caller, acme: Acme, name: str
) -> None:
    """Seen to fail with any text that Postgres keeps: 201 for each."""
    for path, field, body in places(acme):
        if field == "url" and name in ("\u3164", "\u2800", "\u0301", "\ufe0f", "\u115f\u1160"):
            continue  # a path beside others may hold them, and is sent in percent
        refused = admin.post(path, body(name))
        assert refused.status_code == 422, (path, field)
        assert list(refused.json["errors"]) == [field], (path, field)
    account = admin.patch("", {"name": name})
    assert list(account.json["errors"]) == ["name"]


@pytest.mark.parametrize("name", READABLE, ids=ascii)
def test_a_name_in_any_script_is_taken_as_it_is(admin: Caller, acme: Acme, name: str) -> None:
    for path, field, body in places(acme):
        if field != "url" and path not in ("/agents", "/webhooks"):
            assert admin.post(path, body(name)).status_code in (200, 201), (path, field)
    assert admin.patch("", {"name": name}).json["name"] == name


def test_a_subject_is_kept_as_the_customer_wrote_it(admin: Caller, acme: Acme) -> None:
    subject = "\u202eWhere is it?\u2069\u200b"

    made = admin.post("/conversations", {"inbox_id": acme.support, "subject": subject})

    assert (made.status_code, made.json["subject"]) == (201, subject)


def test_a_customer_s_name_comes_in_without_what_cannot_be_seen(admin: Caller, acme: Acme) -> None:
    """A phone adds marks of direction to names: the conversation was refused for them, and reached nobody."""
    contact = {"identifier": "\u200e+49 170 1\u202c", "name": "\u202aK\u0000im\u202c"}

    made = admin.post("/conversations", {"inbox_id": acme.support, "contact": contact})
    blank = admin.post("/conversations", {"inbox_id": acme.support, "contact": {"identifier": "\u202c"}})

    assert made.status_code == 201
    assert (made.json["contact"]["identifier"], made.json["contact"]["name"]) == ("+49 170 1", "Kim")
    assert (blank.status_code, list(blank.json["errors"])) == (422, ["contact.identifier"])
