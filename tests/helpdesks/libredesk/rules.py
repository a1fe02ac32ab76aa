"""What a change does in Libredesk: times, activity messages, webhooks, and what it does by itself."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.helpdesks.libredesk.model import SYSTEM, Conversation, Message, Team, User, Webhook
from tests.helpdesks.libredesk.shapes import stamp
from tests.helpdesks.standin.deliveries import Delivery

if TYPE_CHECKING:
    from tests.helpdesks.libredesk.libredesk import LibredeskStandin

# Seconds between two looks of Libredesk at snoozed conversations and at teams, and at who is still there.
LOOKS_EVERY, SWEEPS_EVERY = 300, 60
IDLE = timedelta(minutes=5)
AWAY_BY_HAND = {"away_manual", "away_and_reassigning"}
OWN_NAME = "Libredesk-Webhook"


class Rules:
    """The behaviour of one stand-in."""

    def __init__(self, standin: "LibredeskStandin") -> None:
        self._standin, self._turn = standin, 0
        standin.timers.after(LOOKS_EVERY, self._look)
        standin.timers.after(SWEEPS_EVERY, self._sweep)

    @property
    def _now(self) -> datetime:
        return self._standin.clock.now()

    def start(self, one: Conversation, content: str, *, by: User | None = None) -> None:
        """Begin a conversation with the customer's message, or with an agent's."""
        if by is None:
            self._incoming(one, content)
        else:
            self._write(one, Message(**self._message("outgoing", by, content), sender_type="agent"))
        self.tell("conversation.created", self._standin.shapes.conversation(one, hook=True))

    def customer_says(self, one: Conversation, content: str) -> None:
        """Add the customer's message, which reopens without an event of the status."""
        self._incoming(one, content)
        if self._standin.world.statuses[one.status_id][0] == "Open":
            return
        one.status_id, one.snoozed_until = self._standin.world.status_named("Open"), None
        owner = self._standin.world.users.get(one.assigned_user_id or 0)
        if owner is not None and owner.availability == "away_and_reassigning":
            one.assigned_user_id = None
            self._note(one, "reassigned", self._system)
        self._touch(one)
        self._activity(one, "status_change", f"{self._system.full_name} marked the conversation as Open", self._system)
        self._note(one, "reopened", self._system)

    def says(self, one: Conversation, who: User, content: str, *, private: bool = False) -> Message:
        """Add an agent's answer or note. An answer counts as a reply when it was sent."""
        message = Message(**self._message("outgoing", who, content), sender_type="agent", private=private)
        self._write(one, message)
        if not private:
            one.first_reply_at, one.last_reply_at = one.first_reply_at or self._now, self._now
            one.waiting_since = None
            self._touch(one)
            self.tell("message.updated", self._standin.shapes.message(one, message))
        self._note(one, "noted" if private else "replied", who)
        return message

    def assign(self, one: Conversation, user_id: int, actor: User) -> None:
        """Give it to a user; same again is nothing."""
        if one.assigned_user_id == user_id:
            return
        one.assigned_user_id = user_id
        self._touch(one)
        self._note(one, "assigned", actor, assignee=user_id)
        self._about(one, "conversation.assigned", actor, assigned_to=user_id)
        agent = self._standin.world.users[user_id]
        if agent.type in {"contact", "visitor"} or agent.deleted:
            return  # the step that writes the activity fails
        if actor.id == user_id:
            self._activity(one, "self_assign", f"{actor.full_name} self-assigned this conversation", actor)
        else:
            name = f"{agent.first_name} {agent.last_name}"
            self._activity(one, "assigned_user_change", f"Assigned to {name} by {actor.full_name}", actor)

    def unassign(self, one: Conversation, actor: User) -> None:
        """Take it from whoever has it; the event comes also if nobody had it."""
        one.assigned_user_id = None
        self._touch(one)
        self._note(one, "unassigned", actor)
        self._about(one, "conversation.unassigned", actor)

    def set_team(self, one: Conversation, team: Team, actor: User) -> None:
        """Move it to a team, which takes it from its agent; the same team again is nothing."""
        if one.assigned_team_id == team.id:
            return
        one.assigned_team_id = team.id
        self._touch(one)
        self._note(one, "team", actor, team=team.id)
        self._activity(one, "assigned_team_change", f"Assigned to {team.name} team by {actor.full_name}", actor)
        self.unassign(one, actor)

    def remove_team(self, one: Conversation, actor: User) -> None:
        """Take it from its team, in silence."""
        one.assigned_team_id = None
        self._touch(one)
        self._note(one, "team", actor, team=None)

    def set_status(self, one: Conversation, name: str, actor: User, *, until: datetime | None = None) -> None:
        """Set the status; the times of resolving are set the first time only."""
        world = self._standin.world
        before, one.status_id = world.statuses[one.status_id][0], world.status_named(name)
        one.snoozed_until = until
        if world.category(one) == "resolved":
            one.resolved_at = one.resolved_at or self._now
            one.closed_at = one.closed_at or (self._now if name == "Closed" else None)
        self._touch(one)
        self._note(one, "status", actor, status=name)
        told = {"previous_status": before, "new_status": name, "snooze_until": stamp(until) or ""}
        self._about(one, "conversation.status_changed", actor, **told)
        self._activity(one, "status_change", f"{actor.full_name} marked the conversation as {name}", actor)

    def set_tags(self, one: Conversation, tags: list[str], actor: User) -> None:
        """Set the tags; the event comes also if nothing changed, and unknown names are left out."""
        before, known = list(one.tags), set(self._standin.world.tags.values())
        one.tags = list(dict.fromkeys(tag for tag in tags if tag in known))
        self._touch(one)
        self._note(one, "tags", actor, tags=one.tags)
        self._about(one, "conversation.tags_changed", actor, previous_tags=before, new_tags=list(one.tags))
        for tag in one.tags:
            if tag not in before:
                self._activity(one, "tag_added", f"{actor.full_name} added tag {tag}", actor)

    def set_priority(self, one: Conversation, number: int, actor: User) -> None:
        """Set the priority, which only its activity tells."""
        one.priority_id = number
        self._touch(one)
        name = self._standin.world.priorities[number]
        self._activity(one, "priority_change", f"{actor.full_name} set priority to {name}", actor)

    def wake(self, one: Conversation) -> None:
        """End a snooze: no event, and `updated_at` stays."""
        one.status_id, one.snoozed_until = self._standin.world.status_named("Open"), None
        self._standin.world.revision += 1
        self._note(one, "woken", self._system)

    def autoassign(self) -> None:
        """Give what a team has to its agents in turn, in any status: all but those who are away by hand.

        The members of a team that was switched to Manual stay in memory.
        """
        world = self._standin.world
        for team in world.teams.values():
            if team.conversation_assignment_type == "Round robin":
                users = [world.users[number] for number in team.members]
                world.pools[team.id] = [one.id for one in users if one.availability not in AWAY_BY_HAND]
        for one in sorted(world.conversations.values(), key=lambda each: each.created_at):
            pool = world.pools.get(one.assigned_team_id or 0)
            if one.assigned_user_id is None and pool:
                self._turn += 1
                self.assign(one, pool[self._turn % len(pool)], self._system)

    def tell(self, event: str, payload: Mapping[str, Any]) -> None:
        """Deliver an event to the webhooks that want it."""
        for webhook in self._standin.world.webhooks.values():
            if webhook.is_active and event in webhook.events:
                self.deliver(webhook, event, payload)

    def deliver(self, webhook: Webhook, event: str, payload: Mapping[str, Any]) -> None:
        """Deliver an event to one webhook, once."""
        self._standin.deliveries.send(
            Delivery(
                event=event,
                url=webhook.url,
                build=lambda: payload,
                sign=lambda built: self._signed(webhook, event, built),
            )
        )

    def _signed(self, webhook: Webhook, event: str, payload: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        at = self._now.replace(microsecond=0)
        body = json.dumps({"event": event, "payload": payload, "timestamp": stamp(at)}, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "User-Agent": f"{OWN_NAME}/v{self._standin.version}"}
        if webhook.secret:
            digest = hmac.new(webhook.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Libredesk-Signature"] = f"sha256={digest}"
        return body, headers

    @property
    def _system(self) -> User:
        return self._standin.world.users[SYSTEM]

    def _incoming(self, one: Conversation, content: str) -> None:
        """Add the customer's message: `waiting_since` moves with each."""
        contact = self._standin.world.users[one.contact_id]
        self._write(one, Message(**self._message("incoming", contact, content), sender_type="contact"))
        one.waiting_since = self._now
        self._touch(one)

    def _message(self, kind: str, who: User, content: str) -> dict[str, Any]:
        number, new = self._standin.world.next_id(), self._standin.world.new_uuid()
        status = {"incoming": "received"}.get(kind, "sent")
        at = self._now
        return {"id": number, "uuid": new, "type": kind, "status": status, "content": content, "created_at": at,
                "sender_id": who.id}  # fmt: skip

    def _write(self, one: Conversation, message: Message) -> None:
        one.messages.append(message)
        one.last_message_at, one.last_message_sender = message.created_at, message.sender_type
        if not message.private and message.type != "activity":
            one.last_interaction_at, one.last_interaction_sender = message.created_at, message.sender_type
        self._touch(one)
        self.tell("message.created", self._standin.shapes.message(one, message))

    def _activity(self, one: Conversation, kind: str, content: str, actor: User) -> None:
        meta = {"activity_type": kind} if self._standin.at_least("2.6.0") else {}
        made = self._message("activity", actor, content)
        self._write(one, Message(**made, sender_type="agent", private=True, content_type="text", meta=meta))

    def _about(self, one: Conversation, event: str, actor: User, **told: Any) -> None:
        full = {"conversation": self._standin.shapes.conversation(one, hook=True)} if self._has_conversation else {}
        self.tell(event, {"conversation_uuid": one.uuid, "actor_id": actor.id, **told, **full})

    @property
    def _has_conversation(self) -> bool:
        return self._standin.at_least("0.11.0")

    def _touch(self, one: Conversation) -> None:
        one.updated_at = self._now
        self._standin.world.revision += 1

    def _note(self, one: Conversation, what: str, actor: User, **values: object) -> None:
        self._standin.log.change(what, actor=str(actor.id), at=self._now, conversation=one.uuid, **values)

    def _look(self) -> None:
        for one in self._standin.world.conversations.values():
            if one.snoozed_until is not None and one.snoozed_until <= self._now:
                self.wake(one)
        self.autoassign()
        self._standin.timers.after(LOOKS_EVERY, self._look)

    def _sweep(self) -> None:
        """Find who is no longer there, five minutes after the last sign, so up to six late; a state by hand stays."""
        for user in self._standin.world.users.values():
            if user.connected:
                user.last_active_at = self._now
            active = user.last_active_at is not None and self._now - user.last_active_at < IDLE
            if not active and user.availability not in AWAY_BY_HAND:
                user.availability = "offline"
        self._standin.timers.after(SWEEPS_EVERY, self._sweep)
