"""What Chatwoot does with a conversation when somebody changes it: columns, activity lines, events, notifications."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.helpdesks.chatwoot import payloads
from tests.helpdesks.chatwoot.model import Bot, Conversation, Inbox, Message, ReportingEvent, Team, User, World, second
from tests.helpdesks.standin.deliveries import Delivery

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin

Actor = User | Bot | None
# Seconds within which the helpdesk's own assignment picks somebody.
PICKED_WITHIN = 6.0


class Rules:
    """The rules of one installation."""

    def __init__(self, standin: "ChatwootStandin") -> None:
        self.standin = standin

    @property
    def world(self) -> World:
        return self.standin.world

    def now(self) -> datetime:
        """Return the instant there."""
        return self.standin.clock.now()

    def change(self, one: Conversation, actor: Actor, seen: Mapping[str, Any] | None = None, **values: Any) -> bool:
        """Change columns; the same values again are no change, no event, no newer `updated_at`.

        `seen` are the values that the writer had read, which older versions compare with and tell as the previous ones.
        """
        old = {name: (seen or {}).get(name, getattr(one, name)) for name in values}
        changed = {name: (old[name], new) for name, new in values.items() if old[name] != new}
        if not changed:
            return False
        changed["updated_at"] = (one.updated_at, self.now())
        for name, (_, new) in changed.items():
            setattr(one, name, new)
        self.world.revision += 1
        self._tell(one, actor, changed)
        return True

    def assign(self, one: Conversation, user: User | None, actor: Actor, seen: Mapping[str, Any] | None = None) -> None:
        """Give it to a user or to nobody. Nobody asks whether the user is a member, confirmed or online."""
        values: dict[str, Any] = {"assignee_id": user.id if user else None, "assignee_agent_bot_id": None}
        if self.standin.at_least("4.16.0") and user and one.assignee_agent_bot_id and one.status == "pending":
            values["status"] = "open"
        if not self.change(one, actor, seen, **values):
            self.standin.log.change("assigned_again", actor=_name(actor), at=self.now(), conversation=one.id)
            return
        if user is None:
            self.activity(one, f"Conversation unassigned by {_name(actor)}")
        elif actor is user:
            self.activity(one, f"{user.name} self-assigned this conversation")
        else:
            self.activity(one, f"Assigned to {user.name} by {_name(actor)}")
        if user:
            self._notify(one, user, actor)

    def assign_bot(self, one: Conversation, bot: Bot, actor: Actor) -> None:
        """Give it to a bot; it then has an owner, and still counts as unassigned."""
        values: dict[str, Any] = {"status": "pending"} if self.standin.at_least("4.16.0") else {}
        self.change(one, actor, assignee_id=None, assignee_agent_bot_id=bot.id, **values)

    def set_team(self, one: Conversation, team: Team | None, actor: Actor) -> None:
        """Set the team: an owner outside it is cleared, then a team with auto-assign picks a member that is online."""
        values: dict[str, Any] = {"team_id": team.id if team else None}
        if team and team.id != one.team_id and one.assignee_id not in team.members:
            picked = self._online(team.members) if team.allow_auto_assign else None
            values["assignee_id"] = picked.id if picked else None
        if self.change(one, actor, **values):
            self.activity(
                one, f"Assigned to {team.name} by {_name(actor)}" if team else f"Unassigned from team by {_name(actor)}"
            )

    def set_status(self, one: Conversation, status: str, actor: Actor, until: datetime | None = None) -> None:
        """Open, resolve, snooze or hand to the bot. An agent who opens a conversation takes it."""
        before = one.status
        waits = None if status == "resolved" else one.waiting_since
        if not self.change(one, actor, status=status, snoozed_until=until, waiting_since=waits) or before == status:
            return
        self.activity(one, f"Conversation was marked {status} by {_name(actor)}")
        if status == "resolved":
            self.report("conversation_resolved", one, one.assignee_id, one.created_at)
        elif status == "open":
            self.report("conversation_opened", one, one.assignee_id, one.created_at)
            self._opened(one, actor)

    def set_labels(self, one: Conversation, labels: list[str], actor: Actor) -> None:
        """Replace all labels; the event of it comes twice."""
        old = one.label_list
        if self.change(one, actor, label_list=tuple(labels)):
            self._send("conversation_updated", one, self._conversation(one, {"label_list": (old, tuple(labels))}))

    def says(
        self,
        one: Conversation,
        actor: Actor,
        content: str,
        *,
        private: bool = False,
        attributes: Mapping[str, Any] | None = None,
    ) -> Message:
        """Let a user or a bot write."""
        made = self._message(one, 1, content, private=private, attributes=attributes, by=actor)
        self._send("message_created", one, lambda: payloads.message(made, one, self.world))
        if private:
            return made
        values: dict[str, Any] = {"waiting_since": None}
        if isinstance(actor, User) and one.first_reply_created_at is None:
            values["first_reply_created_at"] = self.now()
            self.report("first_response", one, actor.id, one.created_at)
        self.change(one, actor, **values)
        return made

    def customer_says(self, one: Conversation, content: str) -> None:
        """Let the customer write; a conversation that had ended opens again."""
        if one.status in {"resolved", "snoozed"}:
            inbox = self.world.inboxes[one.inbox_id]
            self.set_status(one, "pending" if inbox.bot_id else "open", None)
        made = self._message(one, 0, content)
        self._send("message_created", one, lambda: payloads.message(made, one, self.world))
        self._send("contact_updated", one, lambda: payloads.contact(one, self.world))
        if one.waiting_since is None:
            self.change(one, None, waiting_since=second(self.now()))

    def start(self, one: Conversation, content: str) -> None:
        """Let a new conversation arrive."""
        self._send("conversation_created", one, lambda: payloads.conversation(one, self.world))
        made = self._message(one, 0, content)
        self._send("message_created", one, lambda: payloads.message(made, one, self.world))
        self._send("contact_updated", one, lambda: payloads.contact(one, self.world))
        if one.status == "open":
            self._picks(one)

    def activity(self, one: Conversation, content: str) -> None:
        """Write an activity line, which no webhook tells."""
        self._message(one, 2, content)

    def report(self, name: str, one: Conversation, user_id: int | None, since: datetime) -> None:
        """Keep a reporting event."""
        made = ReportingEvent(
            id=self.world.next_id(), name=name, conversation=one, user_id=user_id, started_at=since, ended_at=self.now()
        )
        self.world.events.append(made)

    def _message(
        self,
        one: Conversation,
        kind: int,
        content: str,
        *,
        private: bool = False,
        attributes: Mapping[str, Any] | None = None,
        by: Actor = None,
    ) -> Message:
        """Add a row: each one moves the last activity and `updated_at`."""
        sender = ("Contact", one.contact_id) if kind == 0 else (type(by).__name__, by.id) if by else (None, None)
        made = Message(
            id=self.world.next_id(),
            kind=kind,
            content=content,
            created_at=second(self.now()),
            private=private,
            sender_type="AgentBot" if sender[0] == "Bot" else sender[0],
            sender_id=sender[1],
            content_attributes=dict(attributes or {}),
        )
        one.messages.append(made)
        one.last_activity_at, one.updated_at = made.created_at, self.now()
        self.world.revision += 1
        return made

    def _tell(self, one: Conversation, actor: Actor, changed: Mapping[str, tuple[Any, Any]]) -> None:
        for name, (old, new) in changed.items():
            if name != "updated_at":
                told = (
                    {"before": str(old), "after": str(new)}
                    if isinstance(old or new, datetime)
                    else {"before": old, "after": new}
                )
                self.standin.log.change(name, actor=_name(actor), at=self.now(), conversation=one.id, **told)
        if "status" in changed:
            self._send("conversation_status_changed", one, self._conversation(one, None))
        if payloads.TOLD & changed.keys():
            self._send("conversation_updated", one, self._conversation(one, changed))

    def _conversation(
        self, one: Conversation, changed: Mapping[str, tuple[Any, Any]] | None
    ) -> Callable[[], dict[str, Any]]:
        """Return what builds the payload: the state at that time, and the changes of this event."""
        told = payloads.changes(changed) if changed is not None else None
        return lambda: {**payloads.conversation(one, self.world), "changed_attributes": told}

    def _send(self, event: str, one: Conversation, build: Callable[[], dict[str, Any]]) -> None:
        for hook in self.world.webhooks.values():
            if hook.account_id == one.account_id and event in hook.subscriptions:
                self.standin.deliver(
                    Delivery(
                        event=event,
                        url=hook.url,
                        build=lambda: {**build(), "event": event},
                        sign=self._signer(hook.secret),
                    )
                )

    def _signer(self, secret: str) -> Callable[[Mapping[str, Any]], tuple[bytes, Mapping[str, str]]]:
        def sign(payload: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
            if not self.standin.at_least("4.11.2"):
                return payloads.unsigned(payload)
            return payloads.signed(payload, secret, at=self.now(), delivery=self.world.new_uuid())

        return sign

    def _notify(self, one: Conversation, user: User, actor: Actor) -> None:
        """Note the notification of an assignment; an actor with the same id, of any kind, suppresses it."""
        if one.status != "pending":
            suppressed = actor is not None and actor.id == user.id
            self.standin.log.change(
                "notification",
                actor=_name(actor),
                at=self.now(),
                conversation=one.id,
                to=user.id,
                suppressed=suppressed,
            )

    def _opened(self, one: Conversation, actor: Actor) -> None:
        if isinstance(actor, User) and actor.role == "agent":
            self.assign(one, actor, actor)
        else:
            self._picks(one)

    def _picks(self, one: Conversation) -> None:
        """Let the helpdesk's own assignment pick, if it is on; `team_race` lets an automation set a team meanwhile."""
        inbox, options = self.world.inboxes[one.inbox_id], self.standin.options
        if inbox.enable_auto_assignment and options.get("inbox_auto_assign", True):
            wait = self.world.random.uniform(0, PICKED_WITHIN)
            self.standin.timers.after(wait, lambda: self._pick(one, inbox, overwrites="team_race" in options))
        if team := self.world.teams.get(options.get("team_race", 0)):
            wait = self.world.random.uniform(0, PICKED_WITHIN)
            self.standin.timers.after(wait, lambda: self.set_team(one, team, None))

    def _pick(self, one: Conversation, inbox: Inbox, *, overwrites: bool) -> None:
        if one.status == "open" and (one.assignee_id is None or overwrites) and (user := self._online(inbox.members)):
            self.assign(one, user, None)

    def _online(self, members: list[int]) -> User | None:
        """Return the next member that is online, in turn."""
        users = [self.world.users[each] for each in members if each in self.world.users]
        online = [user for user in users if self.standin.presence(user) == "online"]
        if not online:
            return None
        members.remove(online[0].id)
        members.append(online[0].id)
        return online[0]


def _name(actor: Actor) -> str:
    return actor.name if actor else "Automation System"
