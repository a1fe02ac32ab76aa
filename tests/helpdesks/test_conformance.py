"""The promises of every adapter, kept with its helpdesk, or with the stand-in of one (C1)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from dashboard.engine.model import Status
from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import AssignAnswer, HelpdeskPage, NoteSetting
from tests.helpdesks.http import Changed
from tests.helpdesks.worlds import World
from tests.waiting import eventually

Read = Callable[[str | None], HelpdeskPage]
READINGS: Mapping[str, Callable[[Helpdesk, World], object]] = {
    "set-up": lambda helpdesk, _: helpdesk.read_setup({}),
    "open": lambda helpdesk, world: helpdesk.read_open([world.inbox_id]),
    "waiting": lambda helpdesk, world: helpdesk.read_waiting([world.inbox_id]),
}


def nothing(_: object) -> None:
    return None


def an_object(_: object) -> object:
    return {}


def a_list(_: object) -> object:
    return []


def without_fields(answer: object) -> object:
    """Return an answer in which every object within a list has lost its fields."""
    if isinstance(answer, dict):
        return {name: without_fields(part) for name, part in answer.items()}
    if isinstance(answer, list):
        return [{} if isinstance(part, dict) else part for part in answer]
    return answer


DAMAGES = (nothing, an_object, a_list, without_fields)


def ids(read: Read) -> list[str]:
    """Return the ids of a whole list, in its order."""
    page = read(None)
    found = [it.id for it in page.conversations]
    while page.next is not None:
        page = read(page.next)
        found += [it.id for it in page.conversations]
    return found


def test_what_waits_is_listed_oldest_first_and_whole_over_several_pages(world: World):
    """C6, C8"""
    keys = [world.acts.new_conversation(world.inbox_id) for _ in range(2 * world.page_size + 1)]

    listed = ids(lambda after: world.helpdesk.read_waiting([world.inbox_id], after))

    assert listed == [key.id for key in keys]
    assert world.helpdesk.read_waiting([world.inbox_id]).total in (len(keys), None)


def test_open_conversations_are_listed_assigned_or_not_and_only_unassigned_ones_wait(world: World):
    """C11"""
    waiting, taken, resolved = (world.acts.new_conversation(world.inbox_id) for _ in range(3))
    world.acts.give(taken, world.ana_id)
    world.acts.resolve(resolved)

    assert ids(lambda after: world.helpdesk.read_open([world.inbox_id], after)) == [waiting.id, taken.id]
    assert ids(lambda after: world.helpdesk.read_waiting([world.inbox_id], after)) == [waiting.id]
    assert world.seen(waiting).waits
    assert (world.seen(taken).taken, world.seen(taken).assignee_id) == (True, world.ana_id)
    assert world.seen(resolved).status is Status.RESOLVED


def test_a_conversation_reads_as_its_row_in_a_list(world: World):
    """C7"""
    key = world.acts.new_conversation(world.inbox_id)

    [row] = world.helpdesk.read_open([world.inbox_id]).conversations

    alone = world.seen(key)
    labels = alone.labels if row.labels is None else row.labels
    assert replace(row, labels=labels, version=None) == replace(alone, version=None)
    assert (row.inbox_id, row.status, row.taken) == (world.inbox_id, Status.OPEN, False)
    assert row.waiting_since in (row.created_at, None)


def test_lists_of_no_inbox_are_empty(world: World):
    """C8"""
    world.acts.new_conversation(world.inbox_id)

    assert list(world.helpdesk.read_waiting([]).conversations) == []
    assert list(world.helpdesk.read_open([]).conversations) == []


def test_what_changed_is_listed_in_any_status_and_what_did_not_is_not(world: World):
    """C8"""
    if not world.helpdesk.features.reads_changes:
        return
    quiet, resolved = (world.acts.new_conversation(world.inbox_id) for _ in range(2))
    before = world.seen(quiet).updated_at
    eventually(lambda: world.seen(resolved).updated_at > before, meanwhile=lambda: world.acts.comment(resolved))
    world.acts.resolve(resolved)
    since = world.seen(resolved).updated_at

    changed = ids(lambda after: world.helpdesk.read_changed([world.inbox_id], since, after))

    assert changed == [resolved.id]


def test_a_conversation_that_does_not_exist_is_none(world: World):
    """C9"""
    assert world.helpdesk.read_one(world.missing) is None


def test_the_set_up_has_the_inbox_and_the_agents_with_what_identifies_them(world: World):
    """C2"""
    setup = world.helpdesk.read_setup({})

    agents = {agent.id: agent for agent in setup.agents}
    assert [inbox.name for inbox in setup.inboxes if inbox.id == world.inbox_id and inbox.name]
    assert {world.ana_id, world.bo_id} <= agents.keys()
    assert agents[world.ana_id].name == "Ana"
    assert world.helpdesk.about().own_id not in agents


def test_an_assignment_names_the_agent(world: World):
    """C13"""
    key = world.acts.new_conversation(world.inbox_id)

    answer = world.helpdesk.assign(world.seen(key), world.bo_id)

    assert answer == AssignAnswer(assignee_id=world.bo_id)
    assert world.seen(key).assignee_id == world.bo_id


def test_an_assignment_of_a_row_of_a_list_names_the_agent(world: World):
    """C13"""
    key = world.acts.new_conversation(world.inbox_id)
    [row] = world.helpdesk.read_waiting([world.inbox_id]).conversations

    answer = world.helpdesk.assign(row, world.bo_id)

    assert answer == AssignAnswer(assignee_id=world.bo_id)
    assert world.seen(key).assignee_id == world.bo_id


def test_an_assignment_after_a_change_in_between_says_what_is_true(world: World):
    """C14: with a helpdesk that compares, the person there wins."""
    key = world.acts.new_conversation(world.inbox_id)
    seen = world.seen(key)
    world.acts.give(key, world.ana_id)

    answer = world.helpdesk.assign(seen, world.bo_id)

    owner = world.seen(key).assignee_id
    assert (owner == world.bo_id) == (answer == AssignAnswer(assignee_id=world.bo_id))
    if world.compares:
        assert answer.changed
        assert owner == world.ana_id


def test_an_unknown_agent_unassigns_nobody_in_silence(world: World):
    """C13"""
    key = world.acts.new_conversation(world.inbox_id)
    world.acts.give(key, world.ana_id)

    try:
        answer = world.helpdesk.assign(world.seen(key), world.unknown_agent_id)
    except (HelpdeskForbids, HelpdeskUnavailable) as error:
        answer = AssignAnswer(assignee_id=world.seen(key).assignee_id, refusal=error.sentence)

    assert answer.assignee_id == world.seen(key).assignee_id
    assert answer.refusal or answer.assignee_id is None


def test_a_release_leaves_it_to_nobody(world: World):
    """C13"""
    key = world.acts.new_conversation(world.inbox_id)
    world.acts.give(key, world.ana_id)

    answer = world.helpdesk.assign(world.seen(key), None)

    assert answer == AssignAnswer(assignee_id=None)
    assert world.seen(key).waits


def test_a_note_is_added_once_for_each_call(world: World):
    """C17"""
    key = world.acts.new_conversation(world.inbox_id)

    world.helpdesk.note(
        key, "Zoë Šimůnková, 佐藤, has the most room.", "https://evenhand.test/conversations/7", NoteSetting.NOTE
    )

    [note] = world.acts.notes(key)
    assert "Zoë Šimůnková, 佐藤, has the most room." in note
    assert "https://evenhand.test/conversations/7" in note


def test_an_address_opens_the_conversation(world: World):
    """C2"""
    key = world.acts.new_conversation(world.inbox_id)

    address = world.helpdesk.url_of(key)

    assert address.startswith(f"{world.http.base_url}/")
    assert key.display_id in address or key.id in address


@pytest.mark.parametrize("reading", READINGS)
def test_wrong_credentials_need_a_person_who_is_told_what_to_do(world: World, reading: str):
    """C18"""
    wrong = {name: value if name == "account_id" else f"{value}0" for name, value in world.credentials.items()}

    with pytest.raises(HelpdeskForbids) as caught:
        READINGS[reading](world.connect(world.http, wrong), world)

    assert caught.value.sentence.endswith(".")
    assert caught.value.fix.endswith(".")


@pytest.mark.parametrize("reading", READINGS)
def test_an_answer_that_lacks_what_it_must_have_is_never_an_empty_one(world: World, reading: str):
    """C9"""
    world.acts.new_conversation(world.inbox_id)

    for damage in DAMAGES:
        http = Changed(world.http, answered=lambda answer, damage=damage: replace(answer, json=damage(answer.json)))
        with pytest.raises(HelpdeskUnavailable):
            READINGS[reading](world.connect(http, world.credentials), world)


def test_checks_say_what_was_found_and_what_to_do(world: World):
    """C20"""
    wrong = {name: value if name == "account_id" else f"{value}0" for name, value in world.credentials.items()}

    good, bad = world.helpdesk.check(), world.connect(world.http, wrong).check()

    assert [it for it in good if not it.ok] == []
    assert [it for it in bad if not it.ok] != []
    for found in (*good, *bad):
        assert found.check
        assert found.sentence.endswith(".")
        assert found.ok or (found.fix and found.fix.endswith("."))
