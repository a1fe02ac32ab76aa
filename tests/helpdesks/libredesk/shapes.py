"""How Libredesk writes what it keeps as JSON."""

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from tests.helpdesks.libredesk.model import Conversation, Inbox, Message, Team, User, Webhook

if TYPE_CHECKING:
    from tests.helpdesks.libredesk.libredesk import LibredeskStandin

MASK = "•" * 10


def stamp(at: datetime | None, offset: int = 0) -> str | None:
    """Return RFC 3339 with a fraction without zeros at its end, and the offset of the database's session."""
    if at is None:
        return None
    at = at.astimezone(timezone(timedelta(minutes=offset)))
    fraction = f".{at.microsecond:06}".rstrip("0").rstrip(".")
    zone = at.strftime("%z")
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}{'Z' if offset == 0 else f'{zone[:3]}:{zone[3:]}'}"


class Shapes:
    """The JSON of one stand-in, as its version and options have it."""

    def __init__(self, standin: "LibredeskStandin") -> None:
        self._standin = standin

    def at(self, at: datetime | None) -> str | None:
        """Return an instant."""
        return stamp(at, int(self._standin.options.get("offset", 0)))

    def compact(self, user: User) -> dict[str, Any]:
        """Return an agent as lists have it."""
        newer = {"availability_status": user.availability} if self._standin.at_least("2.3.0") else {}
        return {
            "id": user.id,
            "type": user.type,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "email": user.email,
            "enabled": user.enabled,
            "avatar_url": None,
            "external_user_id": None,
            **newer,
            "created_at": self.at(user.made_at),
            "updated_at": self.at(user.updated_at),
        }

    def agent(self, user: User) -> dict[str, Any]:
        """Return an agent by itself, with teams and permissions."""
        teams = [one for one in self._standin.world.teams.values() if user.id in one.members]
        return {
            **self.compact(user),
            "availability_status": user.availability,
            "phone_number": None,
            "phone_number_country_code": None,
            "last_active_at": self.at(user.last_active_at),
            "last_login_at": None,
            "roles": ["Agent"],
            "permissions": sorted(user.permissions),
            "country": None,
            "meta": {},
            "custom_attributes": {},
            "teams": [self.team_compact(one) for one in teams],
            "api_key": user.api_key,
            "api_key_last_used_at": None,
        }

    def team_compact(self, team: Team) -> dict[str, Any]:
        """Return a team as everybody may read it."""
        return {"id": team.id, "name": team.name, "emoji": team.emoji}

    def team(self, team: Team) -> dict[str, Any]:
        """Return a team in full, which its members are no part of."""
        return {
            **self.team_compact(team),
            "created_at": self.at(team.made_at),
            "updated_at": self.at(team.updated_at),
            "conversation_assignment_type": team.conversation_assignment_type,
            "timezone": team.timezone,
            "business_hours_id": team.business_hours_id,
            "sla_policy_id": team.sla_policy_id,
            "max_auto_assigned_conversations": team.max_auto_assigned_conversations,
        }

    def inbox(self, inbox: Inbox) -> dict[str, Any]:
        """Return an inbox; its secrets are blanked."""
        return {
            "id": inbox.id,
            "uuid": inbox.uuid,
            "created_at": self.at(inbox.made_at),
            "updated_at": self.at(inbox.made_at),
            "name": inbox.name,
            "channel": inbox.channel,
            "enabled": inbox.enabled,
            "csat_enabled": False,
            "prompt_tags_on_reply": False,
            "from": f"{inbox.name} <help@shop.example>",
            "from_name_template": "",
            "config": {},
            "secret": None,
            "linked_email_inbox_id": None,
        }

    def webhook(self, webhook: Webhook) -> dict[str, Any]:
        """Return a webhook, whose secret nobody sees again."""
        return {
            "id": webhook.id,
            "created_at": self.at(webhook.made_at),
            "updated_at": self.at(webhook.made_at),
            "name": webhook.name,
            "url": webhook.url,
            "events": webhook.events,
            "secret": MASK if webhook.secret else "",
            "is_active": webhook.is_active,
        }

    def statuses(self) -> list[dict[str, Any]]:
        """Return the statuses; before 2.2 they have no category."""
        at, newer = self.at(self._standin.began_at), self._standin.at_least("2.2.0")
        return [
            {"id": number, "created_at": at, "name": name, **({"category": category} if newer else {})}
            for number, (name, category) in self._standin.world.statuses.items()
        ]

    def listed(self, one: Conversation) -> dict[str, Any]:
        """Return an item of a list: neither inbox id nor tags, attributes or category; much less before 2.3."""
        contact = self._standin.world.users[one.contact_id]
        shown = {
            **self._common(one),
            "contact": {
                "created_at": self.at(contact.made_at),
                "updated_at": self.at(contact.updated_at),
                "first_name": contact.first_name,
                "last_name": contact.last_name,
                "email": contact.email,
                "avatar_url": None,
            },
            "next_sla_deadline_at": None,
            "unread_message_count": min(len(one.messages), 10),
            "mentioned_message_uuid": None,
        }
        for name, since in (
            ("reference_number", "2.1.0"),
            ("assigned_user_id", "2.3.0"),
            ("assigned_team_id", "2.3.0"),
        ):
            if not self._standin.at_least(since):
                del shown[name]
        return shown

    def conversation(self, one: Conversation, *, hook: bool = False) -> dict[str, Any]:
        """Return a conversation by itself; a webhook has none of the contact's other conversations."""
        world, contact = self._standin.world, self._standin.world.users[one.contact_id]
        category = {"status_category": world.category(one)} if self._standin.at_least("2.6.0") else {}
        return {
            **self._common(one),
            **category,
            "contact_id": one.contact_id,
            "inbox_id": one.inbox_id,
            "inbox_mail": "help@shop.example",
            "inbox_reply_to": "",
            "closed_at": self.at(one.closed_at),
            "status_id": one.status_id,
            "snoozed_until": self.at(one.snoozed_until),
            "tags": list(one.tags),
            "meta": {},
            "custom_attributes": dict(one.custom_attributes),
            "sla_policy_name": None,
            "csat_rating": None,
            "csat_feedback": None,
            "csat_responded_at": None,
            "contact": self._contact(contact),
            "previous_conversations": None if hook else [],
        }

    def message(self, one: Conversation, message: Message) -> dict[str, Any]:
        """Return a message with its author."""
        author = self._standin.world.users[message.sender_id]
        return {
            "id": message.id,
            "created_at": self.at(message.created_at),
            "updated_at": self.at(message.created_at),
            "uuid": message.uuid,
            "type": message.type,
            "status": message.status,
            "conversation_id": one.id,
            "conversation_uuid": one.uuid,
            "content": message.content,
            "text_content": message.content,
            "content_type": message.content_type,
            "private": message.private,
            "sender_id": message.sender_id,
            "sender_type": message.sender_type,
            "meta": message.meta,
            "attachments": [],
            "author": {
                "id": author.id,
                "first_name": author.first_name,
                "last_name": author.last_name,
                "email": author.email,
                "avatar_url": None,
                "availability_status": author.availability,
                "type": author.type,
                "last_active_at": self.at(author.last_active_at),
            },
        }

    def _common(self, one: Conversation) -> dict[str, Any]:
        world = self._standin.world
        inbox = world.inboxes[one.inbox_id]
        times = ("waiting_since", "first_reply_at", "last_reply_at", "resolved_at")
        nothing = ("sla_policy_id", "first_response_deadline_at", "resolution_deadline_at", "applied_sla_id")
        return {
            "id": one.id,
            "created_at": self.at(one.created_at),
            "updated_at": self.at(one.updated_at),
            "uuid": one.uuid,
            "reference_number": one.reference_number,
            **{name: self.at(getattr(one, name)) for name in times},
            "inbox_channel": inbox.channel,
            "inbox_name": inbox.name,
            "subject": one.subject,
            "last_message": "",
            "last_message_at": self.at(one.last_message_at),
            "last_message_sender": one.last_message_sender,
            "last_interaction": "",
            "last_interaction_at": self.at(one.last_interaction_at),
            "last_interaction_sender": one.last_interaction_sender,
            "priority_id": one.priority_id,
            "priority": world.priorities.get(one.priority_id or 0),
            "assigned_user_id": one.assigned_user_id,
            "assigned_team_id": one.assigned_team_id,
            "status": world.statuses[one.status_id][0],
            **dict.fromkeys((*nothing, "next_response_deadline_at", "next_response_met_at")),
        }

    def _contact(self, contact: User) -> dict[str, Any]:
        unknown = ("avatar_url", "phone_number", "phone_number_country_code", "country", "last_active_at")
        return {
            "id": contact.id,
            "created_at": self.at(contact.made_at),
            "updated_at": self.at(contact.updated_at),
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "email": contact.email,
            "type": contact.type,
            "availability_status": contact.availability,
            "custom_attributes": {},
            "enabled": True,
            **dict.fromkeys((*unknown, "last_login_at", "external_user_id")),
        }
