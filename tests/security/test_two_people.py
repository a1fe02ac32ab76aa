"""Two people at one form: saving takes nothing back of what the other changed, on whatever page the form is."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from flask import Flask

from dashboard.config import Settings
from dashboard.engine.model import Role
from tests.pages import Looker, hire, looking
from tests.security import walks
from tests.security.sheets import TOGETHER, Control, Sheet, sheets_on
from tests.security.worlds import World, Worlds, two_worlds

# What makes something new shows what it would have by default; the list's form changes what is ticked.
MAKES_SOMETHING = ("create",)
CHANGES_NOTHING_THAT_IT_SHOWS = {"web.conversation_list.change"}


@pytest.fixture(scope="module")
def worlds(settings: Settings) -> Iterator[Worlds]:
    """Acme with three of everything that can be chosen, and Globex."""
    with two_worlds(settings) as found:
        for number in (2, 3):
            found.ours.make("/teams", {"name": f"Team {number}"})
            found.ours.make("/inboxes", {"name": f"Inbox {number}"})
            found.ours.make("/labels", {"title": f"label {number}"})
            found.ours.make("/assignment_policies", {"name": f"Policy {number}"})
            found.ours.make("/agent_capacity_policies", {"name": f"Capacity {number}"})
        ids = found.ours.ids
        found.ours.admin.patch(f"/teams/{ids['team']}", {"max_auto_assigned_conversations": 9})
        found.ours.admin.patch(
            f"/conversations/{ids['conversation']}", {"team_id": ids["team"], "labels": ["a, b", *map(str, range(12))]}
        )
        found.ours.admin.patch(f"/assignment_policies/{ids['policy']}", {"fair_distribution_limit": 9})
        found.ours.admin.patch(f"/agent_capacity_policies/{ids['capacity']}", {"conversation_limit": 9})
        hours = {"timezone": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}, "holidays": [], "country": None}
        found.ours.admin.patch(f"/inboxes/{ids['inbox']}", {"business_hours": hours})
        own = {"assignment_order": "balanced", "fair_distribution_limit": 5, "fair_distribution_window": 7_200}
        link = {"assignment_policy_id": ids["policy"], "overrides": own}
        found.ours.admin.post(f"/inboxes/{ids['inbox']}/assignment_policy", link)
        yield found


@pytest.fixture(scope="module")
def bo(worlds: Worlds) -> Looker:
    """Another administrator, Bo Marlow."""
    account_id = worlds.ours.account_id
    return looking(worlds.app, account_id, hire(worlds.acme.work, account_id, "Bo Marlow", Role.ADMINISTRATOR))


@pytest.fixture(scope="module")
def forms(worlds: Worlds) -> list[tuple[str, Sheet]]:
    """The forms, found before any of them is sent: another address ends an invitation, and with it a page."""
    return list(edits(worlds.app, worlds.ours))


def edits(app: Flask, world: World) -> Iterator[tuple[str, Sheet]]:
    """Yield every form that shows something of a thing that exists and changes it, with its page."""
    addresses = app.url_map.bind("localhost")
    for path, page in walks.pages_of(app, world):
        for sheet in [one for one in sheets_on(page.text) if one.method == "post" and one.state]:
            endpoint, _ = addresses.match(sheet.action, method="POST")
            is_new = endpoint.rpartition(".")[2] in MAKES_SOMETHING
            if not is_new and endpoint not in CHANGES_NOTHING_THAT_IT_SHOWS:
                yield path, sheet


def again(looker: Looker, path: str, drawn: Sheet) -> Sheet:
    """Return the form as it is drawn now."""
    page = looker.get(path, follow_redirects=True).text
    return next(
        one for one in sheets_on(page) if one.action == drawn.action and one.controls.keys() == drawn.controls.keys()
    )


def send(looker: Looker, sheet: Sheet) -> object:
    return looker.post(sheet.action, sheet.sent())


def test_every_form_that_shows_what_is_there_says_from_what_it_was_drawn(forms: list[tuple[str, Sheet]]) -> None:
    assert [(path, sheet.action) for path, sheet in forms if "drawn" not in sheet.controls] == []
    assert len({sheet.action for _, sheet in forms}) >= 9


def test_what_somebody_else_changed_stays_when_a_form_of_before_is_saved(
    worlds: Worlds, bo: Looker, forms: list[tuple[str, Sheet]]
) -> None:
    mara = worlds.ours.looker
    for path, sheet in forms:
        for theirs, own in pairwise([*sheet.state, sheet.state[0]]):
            if TOGETHER.get(theirs.name, theirs.name) == TOGETHER.get(own.name, own.name):
                continue
            drawn = again(mara, path, sheet)
            wanted, mine = next(drawn.controls[theirs.name].others()), next(drawn.controls[own.name].others())

            assert send(bo, drawn.changed(theirs.name, wanted)).status_code == 303, (path, theirs.name, wanted)
            assert send(mara, drawn.changed(own.name, mine)).status_code == 303, (path, own.name, mine)

            stands = again(mara, path, sheet)
            assert sorted(stands.value(theirs.name)) == sorted(wanted), (path, theirs.name)
            assert sorted(stands.value(own.name)) == sorted(mine), (path, own.name)


def test_a_form_that_nobody_touched_changes_nothing(worlds: Worlds, bo: Looker, forms: list[tuple[str, Sheet]]) -> None:
    mara = worlds.ours.looker
    for path, sheet in forms:
        for control in sheet.state:
            drawn = again(mara, path, sheet)
            wanted = next(drawn.controls[control.name].others())
            assert send(bo, drawn.changed(control.name, wanted)).status_code == 303, (path, control.name)
            between = again(mara, path, sheet)

            assert send(mara, drawn).status_code == 303, (path, control.name)

            stands = again(mara, path, sheet)
            assert {name: one.values for name, one in stands.controls.items()} == {
                name: one.values for name, one in between.controls.items()
            }, (path, control.name)


def two_values(control: Control) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    first, second, *_ = [*control.others(), None, None]
    return (first, second) if first and second else None


def test_who_changes_what_somebody_else_changed_is_told_who_did_and_may_save_again(
    worlds: Worlds, bo: Looker, forms: list[tuple[str, Sheet]]
) -> None:
    mara, tried = worlds.ours.looker, 0
    for path, sheet in forms:
        for control in sheet.state:
            drawn = again(mara, path, sheet)
            both = two_values(drawn.controls[control.name])
            if control.is_list or not both:
                continue
            tried += 1
            theirs, mine = both
            assert send(bo, drawn.changed(control.name, theirs)).status_code == 303, (path, control.name)

            refused = send(mara, drawn.changed(control.name, mine))

            assert refused.status_code == 409, (path, control.name)
            # The audit log knows nothing of conversations.
            who = "Somebody set this meanwhile" if "/conversations/" in path else "Bo Marlow set this at"
            assert who in refused.text, (path, control.name)
            assert "to set yours." in refused.text, (path, control.name)
            assert again(mara, path, sheet).value(control.name) == theirs
            shown = next(
                one
                for one in sheets_on(refused.text)
                if one.action == sheet.action and one.controls.keys() == sheet.controls.keys()
            )
            assert shown.value(control.name) == mine, (path, control.name)
            assert send(mara, shown).status_code == 303, (path, control.name)
            assert again(mara, path, sheet).value(control.name) == mine, (path, control.name)
    assert tried >= 10


def test_what_both_add_to_a_list_is_there_and_what_both_take_away_is_gone(
    worlds: Worlds, bo: Looker, forms: list[tuple[str, Sheet]]
) -> None:
    mara, tried = worlds.ours.looker, 0
    for path, sheet in forms:
        for control in sheet.state:
            drawn = again(mara, path, sheet)
            both = two_values(drawn.controls[control.name])
            if not control.is_list or not both:
                continue
            tried += 1
            theirs, mine = both
            before = set(drawn.value(control.name))

            assert send(bo, drawn.changed(control.name, theirs)).status_code == 303
            assert send(mara, drawn.changed(control.name, mine)).status_code == 303

            wanted = before ^ (before ^ set(theirs)) ^ (before ^ set(mine))
            assert set(again(mara, path, sheet).value(control.name)) == wanted, (path, control.name)
    assert tried >= 4
