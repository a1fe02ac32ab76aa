"""The stand-in of Chatwoot: its model, filled by `load`, moved by acts and by its API."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.helpdesks.chatwoot import payloads
from tests.helpdesks.chatwoot.model import (
    Account,
    Bot,
    Contact,
    Conversation,
    Inbox,
    Message,
    ReportingEvent,
    Team,
    User,
    Webhook,
    World,
    second,
)
from tests.helpdesks.chatwoot.rules import Rules
from tests.helpdesks.standin.base import Standin
from tests.helpdesks.standin.clock import read
from tests.helpdesks.standin.deliveries import Delivery
from tests.helpdesks.standin.messages import Reply, Request

PLAIN_TIMES = ("waiting_since", "first_reply_created_at", "snoozed_until")


class ChatwootStandin(Standin):
    """One Chatwoot. Options: nginx, limit, enterprise, allow_private, sidekiq_stopped, queue_services, jitter,
    inbox_auto_assign, team_race, page_size.
    """

    newest = "4.15.1"

    def empty(self) -> None:
        """Forget everything."""
        self.world, self.rules = World(self.random), Rules(self)
        self.lists: dict[object, tuple[int, Any]] = {}
        self.called: tuple[datetime, int] | None = None

    def presence(self, user: User) -> str:
        """Return a user's presence now."""
        return user.presence(self.clock.now(), float(self.options.get("jitter", 0)))

    def deliver(self, delivery: Delivery) -> None:
        """Deliver a webhook, unless nobody does: a stopped Sidekiq, or a private target of newer versions."""
        refused = self.at_least("4.14.0") and not self._allows_private() and payloads.is_private(delivery.url)
        if refused:
            self.log.delivery(
                event=delivery.event, url=delivery.url, outcome="private", at=self.clock.now(), payload=None
            )
        elif not self.options.get("sidekiq_stopped"):
            self.deliveries.send(delivery)

    def answer(self, request: Request) -> Reply:
        """Answer a request of the API."""
        from tests.helpdesks.chatwoot.routes import answer

        return answer(self, request)

    def act(self, act: Mapping[str, Any]) -> Any:
        """Let somebody do something."""
        from tests.helpdesks.chatwoot.acts import act as done

        return done(self, act)

    def state(self) -> list[dict[str, Any]]:
        """Return all conversations; what a bot owns is taken by nobody of the account."""
        return [
            {
                "id": one.uuid,
                "display_id": str(one.id),
                "inbox": str(one.inbox_id),
                "status": one.status,
                "owner": str(one.assignee_id) if one.assignee_id else "bot" if one.assignee_agent_bot_id else None,
                "team": str(one.team_id) if one.team_id else None,
                "priority": one.priority,
                "labels": list(one.label_list),
                "notes": sum(message.private for message in one.messages),
            }
            for one in self.world.conversations.values()
        ]

    def load(self, things: Mapping[str, Any]) -> Any:
        """Add accounts, users, bots, inboxes, teams, labels, rules and conversations; return these one's ids."""
        for account in things.get("accounts", []):
            self.world.accounts[account["id"]] = Account(**account)
        for user in things.get("users", []):
            self._user(dict(user))
        for bot in things.get("bots", []):
            self.world.bots[bot["id"]] = Bot(**self._owned(bot))
        for inbox in things.get("inboxes", []):
            self.world.inboxes[inbox["id"]] = Inbox(**self._owned(inbox))
        for team in things.get("teams", []):
            self.world.teams[team["id"]] = Team(**{**self._owned(team), "made_at": self.clock.now()})
        for label in things.get("labels", []):
            self.world.labels.append(self._label(self._owned(label)))
        self.world.rules += [self._owned(rule) for rule in things.get("rules", [])]
        self.world.platform_tokens |= set(things.get("platform_tokens", []))
        self._touch(things)
        return [number for group in things.get("conversations", []) for number in self._conversations(dict(group))]

    def add(self, **values: Any) -> Conversation:
        """Add a conversation with the next display id, silently."""
        world, account_id = self.world, values.setdefault("account_id", self.first_account())
        account, at = world.accounts[account_id], values.setdefault("created_at", second(self.clock.now()))
        account.last_display_id = values.setdefault("id", account.last_display_id + 1)
        values.setdefault("contact_id", self._contact(account_id, values["id"]))
        values = {
            "updated_at": at,
            "last_activity_at": at,
            "uuid": world.new_uuid(),
            "tie": world.random.random(),
            **values,
        }
        made = Conversation(**{"waiting_since": at, **values})
        world.conversations[account_id, made.id] = made
        world.revision += 1
        return made

    def webhook(self, account_id: int, told: Mapping[str, Any]) -> Webhook:
        """Add a webhook."""
        made = Webhook(
            id=self.world.next_id(),
            account_id=account_id,
            name=told.get("name"),
            url=told["url"],
            subscriptions=list(told["subscriptions"]),
            secret=self.world.new_uuid().replace("-", "")[:24],
            inbox_id=told.get("inbox_id"),
        )
        self.world.webhooks[made.id] = made
        return made

    def first_account(self) -> int:
        """Return the account that things belong to unless they name one."""
        return next(iter(self.world.accounts))

    def _allows_private(self) -> bool:
        return bool(self.options.get("allow_private")) and self.at_least("4.14.1")

    def _owned(self, thing: Mapping[str, Any]) -> dict[str, Any]:
        return {"account_id": self.first_account(), **thing}

    def _user(self, told: dict[str, Any]) -> None:
        presence = told.pop("presence", "offline")
        if presence != "offline":
            told |= {"availability": presence, "connected_since": self.clock.now()}
        user = User(**self._owned(told))
        user.token = user.token or f"token-of-user-{user.id}"
        self.world.users[user.id] = user

    def _label(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"id": self.world.next_id(), "description": "", "color": "#1f93ff", "show_on_sidebar": True, **told}

    def _touch(self, things: Mapping[str, Any]) -> None:
        """Move the cache keys of what was loaded."""
        for key, kind in (("inbox", "inboxes"), ("team", "teams"), ("label", "labels")):
            for account_id in {self._owned(each)["account_id"] for each in things.get(kind, [])}:
                self.world.bump(account_id, key, self.clock.now())

    def _conversations(self, told: dict[str, Any]) -> list[int]:
        """Load `count` equal conversations; `age` is in seconds, `every` the seconds between two of them."""
        count, age, every = told.pop("count", 1), told.pop("age", 0), told.pop("every", 0)
        resolved_at, labels = told.pop("resolved_at", None), tuple(told.pop("labels", ()))
        told |= {name: read(told[name]) for name in (*PLAIN_TIMES, "created_at") if told.get(name)}
        start = told.pop("created_at", None) or second(self.clock.now()) - timedelta(seconds=age)
        numbers = []
        for number in range(count):
            at = start + timedelta(seconds=every * number)
            made = self.add(**{"label_list": labels, **told, "created_at": at})
            made.messages.append(self._hello(made, at))
            if resolved_at:
                self._resolved(made, read(resolved_at))
            numbers.append(made.id)
        return numbers

    def _hello(self, one: Conversation, at: datetime) -> Message:
        number = self.world.next_id()
        return Message(
            id=number, kind=0, content="Hello?", created_at=at, sender_type="Contact", sender_id=one.contact_id
        )

    def _resolved(self, one: Conversation, at: datetime) -> None:
        one.status, one.waiting_since, one.updated_at, one.last_activity_at = "resolved", None, at, at
        event = ReportingEvent(
            id=self.world.next_id(),
            name="conversation_resolved",
            conversation=one,
            user_id=one.assignee_id,
            started_at=one.created_at,
            ended_at=at,
        )
        self.world.events.append(event)

    def _contact(self, account_id: int, number: int) -> int:
        made = Contact(
            id=self.world.next_id(),
            account_id=account_id,
            name=f"Customer {number}",
            email=f"customer{number}@mail.example",
            identifier=f"cust-{number}",
        )
        self.world.contacts[made.id] = made
        return made.id
