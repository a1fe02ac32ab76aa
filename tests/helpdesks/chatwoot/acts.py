"""What people, customers and administrators do in a Chatwoot."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.helpdesks.chatwoot.model import Conversation, Inbox, Team, User
from tests.helpdesks.standin.clock import read

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin


def act(standin: "ChatwootStandin", act: Mapping[str, Any]) -> Any:
    """Do it; the answer of `customer_starts` is the new display id."""
    return ACTS[act["do"]](standin, act)


def _conversation(standin: "ChatwootStandin", act: Mapping[str, Any]) -> Conversation:
    return standin.world.conversations[act.get("account", standin.first_account()), int(act["conversation"])]


def _by(standin: "ChatwootStandin", act: Mapping[str, Any]) -> User:
    """Return who acts: `by`, else the agent of the act, else an administrator."""
    named = act.get("by", act.get("agent"))
    if named is not None:
        return standin.world.users[named]
    return next(user for user in standin.world.users.values() if user.role == "administrator")


def customer_starts(standin: "ChatwootStandin", act: Mapping[str, Any]) -> int:
    inbox = standin.world.inboxes[act["inbox"]]
    owned = {"status": "pending"} if inbox.bot_id else {}
    kept = {name: act[name] for name in ("priority", "contact_id") if name in act}
    made = standin.add(account_id=inbox.account_id, inbox_id=inbox.id, **owned, **kept)
    standin.rules.start(made, act.get("content", "Hello?"))
    return made.id


def customer_writes(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.customer_says(_conversation(standin, act), act.get("content", "Are you there?"))


def agent_replies(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.says(_conversation(standin, act), _by(standin, act), act.get("content", "Here we are."))


def agent_notes(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.says(_conversation(standin, act), _by(standin, act), act.get("content", "A note."), private=True)


def resolve(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_status(_conversation(standin, act), "resolved", _by(standin, act))


def reopen(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_status(_conversation(standin, act), "open", _by(standin, act))


def snooze(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    until = read(act["until"]) if act.get("until") else None
    standin.rules.set_status(_conversation(standin, act), "snoozed", _by(standin, act), until)


def snooze_ends(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_status(_conversation(standin, act), "open", None)


def assign_by_hand(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.assign(_conversation(standin, act), standin.world.users[act["agent"]], _by(standin, act))


def unassign_by_hand(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.assign(_conversation(standin, act), None, _by(standin, act))


def set_team(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_team(_conversation(standin, act), standin.world.teams.get(act["team"]), _by(standin, act))


def set_labels(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_labels(_conversation(standin, act), act["labels"], _by(standin, act))


def set_priority(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.change(_conversation(standin, act), _by(standin, act), priority=act["priority"])


def set_attributes(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.rules.change(_conversation(standin, act), _by(standin, act), custom_attributes=act["attributes"])


def agent_online(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    _appear(standin, act, "online")


def agent_busy(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    _appear(standin, act, "busy")


def agent_offline(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.world.users[act["agent"]].connected_since = None


def _appear(standin: "ChatwootStandin", act: Mapping[str, Any], availability: str) -> None:
    user = standin.world.users[act["agent"]]
    user.availability, user.connected_since = availability, user.connected_since or standin.clock.now()


def set_user(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Change a user's row: role, token, confirmed, auto_offline, name, email."""
    for name, value in act["values"].items():
        setattr(standin.world.users[act["agent"]], name, value)


def set_account(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.world.accounts[act.get("account", standin.first_account())].status = act["status"]


def add_user(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    standin.load({"users": [act["user"]]})


def remove_agent(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Remove a user from the account: what was assigned to it is nobody's, in bulk, and nothing tells of it."""
    world, gone = standin.world, _user(standin, act)
    places: list[Inbox | Team] = [*world.inboxes.values(), *world.teams.values()]
    for kept in places:
        if gone.id in kept.members:
            kept.members.remove(gone.id)
            world.bump(gone.account_id, "team" if isinstance(kept, Team) else "inbox", standin.clock.now())
    _in_bulk(standin, gone.account_id, "assignee_id", gone.id)
    del world.users[gone.id]


def _user(standin: "ChatwootStandin", act: Mapping[str, Any]) -> User:
    return standin.world.users[act["agent"]]


def add_member(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    members, key = _members(standin, act)
    members.append(act["agent"])
    standin.world.bump(standin.first_account(), key, standin.clock.now())


def remove_member(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    members, key = _members(standin, act)
    members.remove(act["agent"])
    standin.world.bump(standin.first_account(), key, standin.clock.now())


def _members(standin: "ChatwootStandin", act: Mapping[str, Any]) -> tuple[list[int], str]:
    if "team" in act:
        return standin.world.teams[act["team"]].members, "team"
    return standin.world.inboxes[act["inbox"]].members, "inbox"


def delete_team(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Delete a team: its conversations lose it in bulk, and nothing tells of it."""
    gone = standin.world.teams.pop(act["team"])
    _in_bulk(standin, gone.account_id, "team_id", gone.id)
    standin.world.bump(gone.account_id, "team", standin.clock.now())


def delete_inbox(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Delete an inbox with its conversations, in silence."""
    gone = standin.world.inboxes[act["inbox"]]
    for key in [key for key, one in standin.world.conversations.items() if one.inbox_id == gone.id]:
        del standin.world.conversations[key]
    del standin.world.inboxes[gone.id]
    standin.world.revision += 1
    standin.world.bump(gone.account_id, "inbox", standin.clock.now())


def delete_conversation(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    gone = _conversation(standin, act)
    del standin.world.conversations[gone.account_id, gone.id]
    standin.world.revision += 1


def own_assignment(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Turn the helpdesk's own assignment of an inbox or a team on or off."""
    if "team" in act:
        standin.world.teams[act["team"]].allow_auto_assign = act["on"]
    else:
        standin.world.inboxes[act["inbox"]].enable_auto_assignment = act["on"]
    standin.world.bump(standin.first_account(), "team" if "team" in act else "inbox", standin.clock.now())


def restore(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Play a restored or merged installation: the same display ids are other conversations."""
    for one in standin.world.conversations.values():
        one.uuid = standin.world.new_uuid()
    standin.world.revision += 1


def bot_takes(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    bot = standin.world.bots[act["bot"]]
    standin.rules.assign_bot(_conversation(standin, act), bot, bot)


def bot_hands_off(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    one = _conversation(standin, act)
    standin.rules.change(one, None, assignee_agent_bot_id=None, waiting_since=one.waiting_since or standin.clock.now())
    standin.rules.set_status(one, "open", None)


def identify(standin: "ChatwootStandin", act: Mapping[str, Any]) -> str:
    return _conversation(standin, act).uuid


def read_notes(standin: "ChatwootStandin", act: Mapping[str, Any]) -> list[str]:
    return [one.content for one in _conversation(standin, act).messages if one.private]


def ages(standin: "ChatwootStandin", act: Mapping[str, Any]) -> None:
    """Move a conversation's `updated_at` into the past, in seconds."""
    one = _conversation(standin, act)
    one.updated_at -= timedelta(seconds=act["by_seconds"])


def _in_bulk(standin: "ChatwootStandin", account_id: int, column: str, value: int) -> None:
    for one in standin.world.conversations.values():
        if one.account_id == account_id and getattr(one, column) == value:
            setattr(one, column, None)
    standin.world.revision += 1


ACTS: dict[str, Callable[["ChatwootStandin", Mapping[str, Any]], Any]] = {
    each.__name__: each
    for each in (
        customer_starts,
        customer_writes,
        agent_replies,
        agent_notes,
        resolve,
        reopen,
        snooze,
        snooze_ends,
        assign_by_hand,
        unassign_by_hand,
        set_team,
        set_labels,
        set_priority,
        set_attributes,
        agent_online,
        agent_busy,
        agent_offline,
        set_user,
        set_account,
        add_user,
        remove_agent,
        add_member,
        remove_member,
        delete_team,
        delete_inbox,
        delete_conversation,
        own_assignment,
        restore,
        bot_takes,
        bot_hands_off,
        identify,
        read_notes,
        ages,
    )
}
