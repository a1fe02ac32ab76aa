"""ETag and If-Match: who asks for it changes nothing that somebody else has changed since."""

import pytest

from tests.security import walks
from tests.security.worlds import World, Worlds

OLD = {"If-Match": '"nothing-has-this"'}


def things(world: World) -> dict[str, tuple[str, dict[str, object], dict[str, object]]]:
    """Return what can be read and changed alone: its path, a change, and another."""
    ids = world.ids
    return {
        "account": ("", {"name": "One"}, {"name": "Two"}),
        "policy": (f"/assignment_policies/{ids['policy']}", {"description": "One"}, {"enabled": False}),
        "capacity": (f"/agent_capacity_policies/{ids['capacity']}", {"name": "One"}, {"exclusion_rules": None}),
        "team": (f"/teams/{ids['team']}", {"name": "One"}, {"max_auto_assigned_conversations": 2}),
        "inbox": (f"/inboxes/{ids['inbox']}", {"channel": "one"}, {"enable_auto_assignment": False}),
        "webhook": (f"/webhooks/{ids['webhook']}", {"enabled": False}, {"subscriptions": ["assignee_changed"]}),
        "connection": (f"/connections/{ids['connection']}", {"note": "note"}, {"quiet_seconds": 9}),
        "agent": (f"/agents/{ids['agent']}", {"name": "One"}, {"role": "supervisor"}),
        "conversation": (f"/conversations/{ids['conversation']}", {"labels": ["one"]}, {"priority": 1}),
    }


@pytest.mark.parametrize(
    "kind", ["account", "policy", "capacity", "team", "inbox", "webhook", "connection", "agent", "conversation"]
)
def test_a_change_is_refused_once_somebody_else_has_changed_it(worlds: Worlds, kind: str) -> None:
    """Seen to fail without the comparison under the row's lock."""
    admin, (path, one, two) = worlds.ours.admin, things(worlds.ours)[kind]
    read = admin.get(path).headers["ETag"]

    written = admin("PATCH", path, one, headers={"If-Match": read})
    late = admin("PATCH", path, two, headers={"If-Match": read})

    assert written.status_code == 200
    assert read != written.headers["ETag"] == admin.get(path).headers["ETag"]
    assert (late.status_code, late.json) == (412, {"error": "Somebody has changed this since; read it again."})
    assert admin.get(path).headers["ETag"] == written.headers["ETag"]
    assert admin("PATCH", path, two, headers={"If-Match": f'"other", {written.headers["ETag"]}'}).status_code == 200
    assert admin("PATCH", path, one, headers={"If-Match": "*"}).status_code == 200
    assert admin.patch(path, one).status_code == 200


def test_a_limit_changes_the_tag_of_its_policy(worlds: Worlds) -> None:
    admin, path = worlds.ours.admin, f"/agent_capacity_policies/{worlds.ours.ids['capacity']}"
    before = admin.get(path).headers["ETag"]

    changed = admin.patch(f"{path}/inbox_limits/{worlds.ours.ids['limit']}", {"conversation_limit": 7})

    assert changed.status_code == 200
    assert admin("PATCH", path, {"name": "Late"}, headers={"If-Match": before}).status_code == 412


def test_no_call_that_writes_takes_a_tag_that_nothing_has(worlds: Worlds) -> None:
    """Also where nothing has a tag: what cannot match is refused."""
    before, tried = walks.everything(worlds.session, worlds.ours.account_id), 0

    for _, method, path in walks.calls(worlds.app, worlds.ours, frozenset({"PUT", "PATCH", "DELETE"})):
        answer = worlds.ours.admin(method, path, None if method == "DELETE" else {}, headers=OLD)
        assert answer.status_code == 412, (method, path, answer.text)
        tried += 1

    assert tried >= 20
    assert walks.everything(worlds.session, worlds.ours.account_id) == before
