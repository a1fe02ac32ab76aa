"""The calls about everything but conversations."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.helpdesks.chatwoot import payloads, shapes
from tests.helpdesks.chatwoot.access import refused
from tests.helpdesks.chatwoot.calls import Call
from tests.helpdesks.chatwoot.model import Bot, User, Webhook
from tests.helpdesks.standin.messages import Reply, as_json

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin

PER_PAGE = 25


def about(standin: "ChatwootStandin") -> dict[str, Any]:
    """Version and health, without a token. A stopped Sidekiq still reads ok."""
    return {
        "version": standin.version,
        "timestamp": standin.clock.now().strftime("%Y-%m-%d %H:%M:%S"),
        "queue_services": standin.options.get("queue_services", "ok"),
        "data_services": "ok",
    }


def profile(standin: "ChatwootStandin", who: User | Bot) -> dict[str, Any]:
    if isinstance(who, Bot):
        raise refused(401, "Access to this endpoint is not authorized for bots")
    account = standin.world.accounts[who.account_id]
    mine = {
        "id": account.id,
        "name": account.name,
        "status": account.status,
        "active_at": None,
        "role": who.role,
        "permissions": [who.role],
        "availability": who.availability,
        "availability_status": standin.presence(who),
        "auto_offline": who.auto_offline,
    }
    return {
        "id": who.id,
        "access_token": who.token,
        "account_id": who.account_id,
        "available_name": who.name.split(maxsplit=1)[0],
        "avatar_url": "",
        "confirmed": who.confirmed,
        "display_name": None,
        "email": who.email,
        "name": who.name,
        "provider": "email",
        "pubsub_token": "never-use-this",
        "role": who.role,
        "uid": who.email,
        "accounts": [mine],
    }


def account(call: Call) -> Any:
    return shapes.account(call.world.accounts[call.account_id])


def cache_keys(call: Call) -> Any:
    return {"cache_keys": shapes.cache_keys(call.world.accounts[call.account_id])}


def inboxes(call: Call) -> Any:
    found = [one for one in call.world.inboxes.values() if one.account_id == call.account_id]
    if isinstance(call.who, User) and call.who.role != "administrator":
        found = [one for one in found if call.who.id in one.members]
    return {"payload": [shapes.inbox(one) for one in sorted(found, key=lambda one: one.name)]}


def inbox(call: Call) -> Any:
    return shapes.inbox(call.owned(call.world.inboxes, "inbox"))


def update_inbox(call: Call) -> Any:
    one, told = call.owned(call.world.inboxes, "inbox"), call.request.json()
    one.enable_auto_assignment = told.get("enable_auto_assignment", one.enable_auto_assignment)
    one.name = told.get("name", one.name)
    call.world.bump(call.account_id, "inbox", call.standin.clock.now())
    return shapes.inbox(one)


def inbox_members(call: Call) -> Any:
    return {"payload": call.members(call.owned(call.world.inboxes, "inbox").members)}


def assignable_agents(call: Call) -> Any:
    """Members of the inboxes, and every administrator."""
    chosen = [call.world.inboxes[int(number)] for number in call.request.query.get("inbox_ids[]", [])]
    able = set.intersection(*(set(one.members) for one in chosen)) if chosen else set[int]()
    able |= {user.id for user in call.world.users_of(call.account_id) if user.role == "administrator"}
    return {"payload": call.members(list(able))}


def agents(call: Call) -> Any:
    return list(call.agents().values())


def teams(call: Call) -> Any:
    return [shapes.team(one) for one in call.world.teams.values() if one.account_id == call.account_id]


def team(call: Call) -> Any:
    return shapes.team(call.owned(call.world.teams, "team"))


def update_team(call: Call) -> Any:
    one = call.owned(call.world.teams, "team")
    one.allow_auto_assign = call.request.json().get("allow_auto_assign", one.allow_auto_assign)
    call.world.bump(call.account_id, "team", call.standin.clock.now())
    return shapes.team(one)


def team_members(call: Call) -> Any:
    return call.members(call.owned(call.world.teams, "team").members)


def labels(call: Call) -> Any:
    found = [one for one in call.world.labels if one["account_id"] == call.account_id]
    shown = [{name: value for name, value in one.items() if name != "account_id"} for one in found]
    return {"payload": sorted(shown, key=lambda one: str(one["title"]))}


def automation_rules(call: Call) -> Any:
    return {"payload": [one for one in call.world.rules if one["account_id"] == call.account_id]}


def attribute_definitions(_: Call) -> Any:
    return []


def bots(call: Call) -> Any:
    return [_bot(one) for one in call.world.bots.values() if one.account_id == call.account_id]


def create_bot(call: Call) -> Any:
    number = max(call.world.bots, default=0) + 1
    made = Bot(id=number, account_id=call.account_id, name=call.request.json()["name"], token=f"token-of-bot-{number}")
    call.world.bots[number] = made
    return _bot(made)


def _bot(one: Bot) -> dict[str, Any]:
    return {
        **shapes.bot(one),
        "bot_config": {},
        "account_id": one.account_id,
        "access_token": one.token,
        "system_bot": False,
    }


def webhooks(call: Call) -> Any:
    found = [one for one in call.world.webhooks.values() if one.account_id == call.account_id]
    return {"payload": {"webhooks": [_webhook(call, one) for one in found]}}


def create_webhook(call: Call) -> Any:
    told = call.request.json()
    told = told.get("webhook", told)
    _check(call, told)
    return {"payload": {"webhook": _webhook(call, call.standin.webhook(call.account_id, told))}}


def update_webhook(call: Call) -> Any:
    one, told = call.owned(call.world.webhooks, "webhook"), call.request.json()
    told = told.get("webhook", told)
    one.url, one.subscriptions = told.get("url", one.url), told.get("subscriptions", one.subscriptions)
    return {"payload": {"webhook": _webhook(call, one)}}


def remove_webhook(call: Call) -> Any:
    del call.world.webhooks[call.owned(call.world.webhooks, "webhook").id]
    return Reply()


def _check(call: Call, told: dict[str, Any]) -> None:
    if any(one.url == told["url"] for one in call.world.webhooks.values() if one.account_id == call.account_id):
        raise _invalid("Url has already been taken", "url")
    if not told["url"].startswith(("http://", "https://")):
        raise _invalid("Url is invalid", "url")
    if not told.get("subscriptions") or not set(told["subscriptions"]) <= payloads.EVENTS:
        raise _invalid("Subscriptions Invalid events", "subscriptions")


def _invalid(message: str, attribute: str) -> Exception:
    from tests.helpdesks.chatwoot.access import Refused

    return Refused(as_json({"message": message, "attributes": [attribute]}, HTTPStatus.UNPROCESSABLE_ENTITY))


def _webhook(call: Call, one: Webhook) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "account_id": one.account_id,
        "subscriptions": one.subscriptions,
    }
    return {**shown, "secret": one.secret} if call.standin.at_least("4.11.2") else shown


def reporting_events(call: Call) -> Any:
    """Newest first, with hidden ids; only where the enterprise folder is."""
    if not call.enterprise:
        raise LookupError
    since, until = (_instant(call, name) for name in ("since", "until"))
    found = [one for one in call.world.events if one.conversation.account_id == call.account_id]
    found = [one for one in found if (not since or one.ended_at >= since) and (not until or one.ended_at <= until)]
    found = [one for one in found if call.request.first("name") in {"", one.name}]
    found.sort(key=lambda one: one.ended_at, reverse=True)
    page = int(call.request.first("page") or 1)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    meta = {"count": len(found), "current_page": page, "total_pages": -(-len(found) // PER_PAGE)}
    return {"payload": [shapes.reporting_event(one) for one in shown], "meta": meta}


def _instant(call: Call, name: str) -> datetime | None:
    told = call.request.first(name)
    return datetime.fromtimestamp(int(told), UTC) if told else None
