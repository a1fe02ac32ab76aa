"""The calls about conversations."""

from datetime import UTC, datetime
from typing import Any

from tests.helpdesks.chatwoot import lists, shapes
from tests.helpdesks.chatwoot.calls import Call
from tests.helpdesks.chatwoot.model import Conversation, User
from tests.helpdesks.standin.messages import Reply

MOST_MESSAGES = 20


def index(call: Call) -> Any:
    assert isinstance(call.who, User)
    found = lists.listed(call.standin, call.account_id, call.request, call.who)
    return {"data": {"meta": found["meta"], "payload": _shown(call, found["found"])}}


def meta(call: Call) -> Any:
    assert isinstance(call.who, User)
    return {"meta": lists.listed(call.standin, call.account_id, call.request, call.who)["meta"]}


def filtered(call: Call) -> Any:
    assert isinstance(call.who, User)
    found = lists.filtered(call.standin, call.account_id, call.request.json()["payload"])
    counts = lists.counts(found, call.who)
    del counts["assigned_count"]
    return {"meta": counts, "payload": _shown(call, lists.page(call.standin, found, call.request))}


def conversation(call: Call) -> Any:
    return shapes.conversation(call.conversation(), call.world, call.agents())


def update_conversation(call: Call) -> Any:
    one = call.conversation()
    call.standin.rules.change(one, call.who, priority=call.request.json()["priority"])
    return shapes.conversation(one, call.world, call.agents())


def messages(call: Call) -> Any:
    one, before, after = call.conversation(), call.request.first("before"), call.request.first("after")
    found = [each for each in one.messages if not before or each.id < int(before)]
    found = [each for each in found if int(after) < each.id][:100] if after else found[-MOST_MESSAGES:]
    meta = {"labels": list(one.label_list), "additional_attributes": {}, "contact": shapes.contact(one, call.world)}
    return {"meta": meta, "payload": [shapes.message(each, one, call.world) for each in found]}


def create_message(call: Call) -> Any:
    one, told = call.conversation(), call.request.json()
    made = call.standin.rules.says(
        one,
        call.who,
        told["content"],
        private=bool(told.get("private")),
        attributes=told.get("content_attributes", {}),
    )
    return shapes.message(made, one, call.world)


def assign(call: Call) -> Any:
    """Assign an agent, a bot or a team. With both keys only the agent is set, and an unknown id is nobody."""
    one, told, rules = call.conversation(), call.request.json(), call.standin.rules
    seen = None if call.standin.at_least("4.16.0") else {"assignee_id": one.assignee_id}
    call.standin.moment("between", call.request)
    if "assignee_id" in told and told.get("assignee_type") == "AgentBot":
        bot = call.world.bots[told["assignee_id"]]
        rules.assign_bot(one, bot, call.who)
        return shapes.bot(bot)
    if "assignee_id" in told:
        user = call.world.users.get(told["assignee_id"] or 0)
        user = user if user and user.account_id == call.account_id else None
        rules.assign(one, user, call.who, seen)
        return call.agent(user) if user else None
    if "team_id" in told:
        team = call.world.teams.get(told["team_id"] or 0)
        rules.set_team(one, team, call.who)
        return shapes.team_row(team) if team else None
    return None


def toggle_status(call: Call) -> Any:
    one, told = call.conversation(), call.request.json()
    until = datetime.fromtimestamp(told["snoozed_until"], UTC) if told.get("snoozed_until") else None
    other = "open" if one.status == "resolved" else "resolved"
    call.standin.rules.set_status(one, told.get("status", other), call.who, until)
    shown = {"success": True, "conversation_id": one.id, "current_status": one.status}
    return {"meta": {}, "payload": {**shown, "snoozed_until": shapes.iso(one.snoozed_until)}}


def toggle_priority(call: Call) -> Any:
    call.standin.rules.change(call.conversation(), call.who, priority=call.request.json().get("priority"))
    return Reply()


def conversation_labels(call: Call) -> Any:
    return {"payload": list(call.conversation().label_list)}


def set_labels(call: Call) -> Any:
    one = call.conversation()
    call.standin.rules.set_labels(one, call.request.json()["labels"], call.who)
    return {"payload": list(one.label_list)}


def set_attributes(call: Call) -> Any:
    """Replace all custom attributes; newer versions merge where they are told to."""
    one, told = call.conversation(), call.request.json()
    call.standin.moment("between", call.request)
    keeps = told.get("merge") and call.standin.at_least("4.16.0")
    kept = one.custom_attributes if keeps else {}
    call.standin.rules.change(one, call.who, custom_attributes={**kept, **told["custom_attributes"]})
    return {"custom_attributes": one.custom_attributes}


def remove_attributes(call: Call) -> Any:
    one, gone = call.conversation(), call.request.json()["custom_attributes"]
    if not call.standin.at_least("4.16.0"):
        raise LookupError
    kept = {name: value for name, value in one.custom_attributes.items() if name not in gone}
    call.standin.rules.change(one, call.who, custom_attributes=kept)
    return {"custom_attributes": one.custom_attributes}


def reporting_events(call: Call) -> Any:
    if not call.enterprise:
        raise LookupError
    one = call.conversation()
    return [shapes.reporting_event(each) for each in call.world.events if each.conversation is one]


def _shown(call: Call, found: list[Conversation]) -> list[dict[str, Any]]:
    agents = call.agents()
    return [shapes.conversation(one, call.world, agents) for one in found]
