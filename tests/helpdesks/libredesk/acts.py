"""What people, customers and Libredesk itself do; `do` names the act."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.helpdesks.libredesk.model import SYSTEM, Conversation, User
from tests.helpdesks.standin.clock import read

if TYPE_CHECKING:
    from tests.helpdesks.libredesk.libredesk import LibredeskStandin

Act = Callable[["LibredeskStandin", Mapping[str, Any]], Any]


def act(standin: "LibredeskStandin", act: Mapping[str, Any]) -> Any:
    """Do it."""
    return ACTS[act["do"]](standin, act)


def _conversation(standin: "LibredeskStandin", act: Mapping[str, Any]) -> Conversation:
    return standin.world.conversations[act["conversation"]]


def _by(standin: "LibredeskStandin", act: Mapping[str, Any]) -> User:
    """Return who acts: `by`, else the agent of the act, else the first agent who is a person."""
    named = act.get("by", act.get("agent"))
    if named is None:
        users = standin.world.users.values()
        named = next(user.id for user in users if user.type == "agent" and user.id != SYSTEM and not user.deleted)
    return standin.world.users[named]


def customer_starts(standin: "LibredeskStandin", act: Mapping[str, Any]) -> str:
    """A customer, or an agent named by `by`, begins a conversation; `team` is what a rule gave it to."""
    made = standin.add(inbox_id=act["inbox"], waiting_since=None, assigned_team_id=act.get("team"))
    standin.rules.start(made, act.get("content", "Hello?"), by=_by(standin, act) if "by" in act else None)
    return made.uuid


def customer_writes(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.customer_says(_conversation(standin, act), act.get("content", "Are you there?"))


def agent_replies(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.says(_conversation(standin, act), _by(standin, act), act.get("content", "Here we are."))


def agent_notes(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.says(_conversation(standin, act), _by(standin, act), act.get("content", "A note."), private=True)


def resolve(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_status(_conversation(standin, act), act.get("status", "Resolved"), _by(standin, act))


def reopen(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_status(_conversation(standin, act), "Open", _by(standin, act))


def snooze(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    until = read(act["until"])
    standin.rules.set_status(_conversation(standin, act), "Snoozed", _by(standin, act), until=until)


def snooze_ends(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.wake(_conversation(standin, act))


def assign_by_hand(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.assign(_conversation(standin, act), act["agent"], _by(standin, act))


def unassign_by_hand(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.unassign(_conversation(standin, act), _by(standin, act))


def set_team(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    one, who = _conversation(standin, act), _by(standin, act)
    if act["team"] is None:
        standin.rules.remove_team(one, who)
    else:
        standin.rules.set_team(one, standin.world.teams[act["team"]], who)


def set_labels(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_tags(_conversation(standin, act), act["labels"], _by(standin, act))


def set_priority(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.set_priority(_conversation(standin, act), act["priority"], _by(standin, act))


def set_attributes(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    _conversation(standin, act).custom_attributes = dict(act["attributes"])


def agent_online(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    _appear(standin, act, "online")


def agent_busy(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Go idle for five minutes, or set one of the states by hand: `state`."""
    _appear(standin, act, act.get("state", "away"))


def agent_offline(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Close the browser: only a sweep five minutes later notes it."""
    standin.world.users[act["agent"]].connected = False


def _appear(standin: "LibredeskStandin", act: Mapping[str, Any], availability: str) -> None:
    user = standin.world.users[act["agent"]]
    user.availability, user.connected, user.last_active_at = availability, True, standin.clock.now()


def set_user(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Set fields of an agent: enabled, permissions, api_key."""
    for name, value in act["values"].items():
        setattr(standin.world.users[act["agent"]], name, frozenset(value) if name == "permissions" else value)


def add_user(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.load({"agents": [act["user"]]})


def remove_agent(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Delete an agent: what it had is nobody's, without an event."""
    gone = standin.world.users[act["agent"]]
    gone.deleted, gone.api_key = True, None
    for team in standin.world.teams.values():
        team.members = [number for number in team.members if number != gone.id]
    for one in standin.world.conversations.values():
        if one.assigned_user_id == gone.id and standin.world.category(one) != "resolved":
            one.assigned_user_id, one.updated_at = None, standin.clock.now()
    standin.world.revision += 1


def add_member(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.world.teams[act["team"]].members.append(act["agent"])


def remove_member(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.world.teams[act["team"]].members.remove(act["agent"])


def delete_team(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Delete a team; the database takes it from its conversations, which do not move."""
    del standin.world.teams[act["team"]]
    for one in standin.world.conversations.values():
        if one.assigned_team_id == act["team"]:
            one.assigned_team_id = None
    standin.world.revision += 1


def delete_inbox(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Delete an inbox with its conversations."""
    del standin.world.inboxes[act["inbox"]]
    kept = {uuid: one for uuid, one in standin.world.conversations.items() if one.inbox_id != act["inbox"]}
    standin.world.conversations = kept
    standin.world.revision += 1


def delete_conversation(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    del standin.world.conversations[act["conversation"]]
    standin.world.revision += 1


def own_assignment(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    team = standin.world.teams[act["team"]]
    team.conversation_assignment_type = "Round robin" if act["on"] else "Manual"


def autoassign(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Let the autoassigner look now."""
    standin.rules.autoassign()


def restart(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Restart: what waits to be delivered is lost, and so is the autoassigner's memory."""
    behaviour = standin.deliveries.behaviour
    standin.deliveries.reset(int(standin.options.get("seed", 1)))
    standin.deliveries.behaviour = behaviour
    standin.world.pools.clear()


def restore(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Restore an older copy: the same reference number belongs to another conversation."""
    one = _conversation(standin, act)
    del standin.world.conversations[one.uuid]
    one.uuid = standin.world.new_uuid()
    standin.world.conversations[one.uuid] = one
    standin.world.revision += 1


def bot_takes(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Let a rule give it to an assistant."""
    standin.rules.assign(_conversation(standin, act), act["bot"], standin.world.users[SYSTEM])


def bot_hands_off(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    standin.rules.unassign(_conversation(standin, act), standin.world.users[SYSTEM])


def custom_event(standin: "LibredeskStandin", act: Mapping[str, Any]) -> None:
    """Let a rule trigger the webhooks with an event of its own (2.7)."""
    payload = {"conversation": standin.shapes.conversation(_conversation(standin, act), hook=True), "actor_id": SYSTEM}
    for webhook in standin.world.webhooks.values():
        standin.rules.deliver(webhook, act["event"], payload)


def read_notes(standin: "LibredeskStandin", act: Mapping[str, Any]) -> list[str]:
    """Return the private notes of a conversation, oldest first, without its activities."""
    messages = _conversation(standin, act).messages
    return [message.content for message in messages if message.private and message.type != "activity"]


def identify(standin: "LibredeskStandin", act: Mapping[str, Any]) -> str:
    """Return the number that people see."""
    return _conversation(standin, act).reference_number


ACTS: Mapping[str, Act] = {
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
        add_user,
        remove_agent,
        add_member,
        remove_member,
        delete_team,
        delete_inbox,
        delete_conversation,
        own_assignment,
        autoassign,
        restart,
        restore,
        bot_takes,
        bot_hands_off,
        custom_event,
        read_notes,
        identify,
    )
}
