"""The stand-in of Libredesk: its model, filled by `load`, moved by acts and by its API."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.helpdesks.libredesk.model import SYSTEM, Conversation, Inbox, Team, User, World
from tests.helpdesks.libredesk.rules import Rules
from tests.helpdesks.libredesk.shapes import Shapes
from tests.helpdesks.standin.base import Standin
from tests.helpdesks.standin.clock import read
from tests.helpdesks.standin.messages import Reply, Request

TIMES = ("created_at", "updated_at", "waiting_since", "first_reply_at", "resolved_at", "snoozed_until")
# The helpdesk waits this long for the head of an answer.
HEAD_WITHIN = 3.0


class LibredeskStandin(Standin):
    """One Libredesk. Options: offset (of its times, in minutes), verify_ms (that a key costs), drops_authorization,
    page_size (of which its lists give no more).
    """

    newest = "2.7.0"

    def empty(self) -> None:
        """Forget everything but what an installation begins with."""
        self.deliveries.time_out = HEAD_WITHIN
        self.world, self.shapes, self.began_at = World(self.random), Shapes(self), self.clock.now()
        self.rules = Rules(self)
        self.lists: dict[object, tuple[int, list[Conversation]]] = {}
        self._user({"id": SYSTEM, "first_name": "System", "email": "System"})

    def answer(self, request: Request) -> Reply:
        """Answer a request of the API."""
        from tests.helpdesks.libredesk.routes import answer

        return answer(self, request)

    def act(self, act: Mapping[str, Any]) -> Any:
        """Let somebody do something."""
        from tests.helpdesks.libredesk.acts import act as done

        return done(self, act)

    def state(self) -> list[dict[str, Any]]:
        """Return all conversations."""
        categories = {"open": "open", "waiting": "snoozed", "resolved": "resolved"}
        return [
            {
                "id": one.uuid,
                "display_id": one.reference_number,
                "inbox": str(one.inbox_id),
                "status": categories[self.world.category(one)],
                "owner": str(one.assigned_user_id) if one.assigned_user_id else None,
                "team": str(one.assigned_team_id) if one.assigned_team_id else None,
                "priority": self.world.priorities.get(one.priority_id or 0, "").lower() or None,
                "labels": list(one.tags),
                "notes": sum(message.private and message.type == "outgoing" for message in one.messages),
            }
            for one in self.world.conversations.values()
        ]

    def load(self, things: Mapping[str, Any]) -> Any:
        """Add inboxes, teams, agents, tags, statuses, rules and conversations; return these one's uuids."""
        for inbox in things.get("inboxes", []):
            made = Inbox(**{"uuid": self.world.new_uuid(), "made_at": self.clock.now(), **inbox})
            self.world.inboxes[made.id] = made
        for team in things.get("teams", []):
            self.world.teams[team["id"]] = Team(**{"made_at": self.clock.now(), "updated_at": self.clock.now(), **team})
        for agent in things.get("agents", []):
            self._user(dict(agent))
        for tag in things.get("tags", []):
            self.world.tags[self.world.next_id()] = tag
        for status in things.get("statuses", []):
            self.world.statuses[status["id"]] = (status["name"], status["category"])
        self.world.rules += [dict(rule) for rule in things.get("rules", [])]
        return [uuid for group in things.get("conversations", []) for uuid in self._conversations(dict(group))]

    def add(self, **values: Any) -> Conversation:
        """Add a conversation, silently."""
        world, at = self.world, values.setdefault("created_at", self.clock.now())
        world.last_conversation_id += 1
        number = values.setdefault("id", world.last_conversation_id)
        contact_id = values.pop("contact_id", None) or self.contact(number)
        given = {"subject": f"Parcel {number}", "waiting_since": at, "updated_at": at, **values}
        made = Conversation(uuid=world.new_uuid(), contact_id=contact_id, **given)
        made.last_message_at = made.last_interaction_at = made.last_interaction_at or at
        made.last_message_sender = made.last_interaction_sender = made.last_interaction_sender or "contact"
        world.conversations[made.uuid] = made
        world.revision += 1
        return made

    def contact(self, number: int) -> int:
        """Add a customer."""
        email = f"customer{number}@mail.example"
        told = {"first_name": "Customer", "last_name": str(number), "email": email, "type": "contact"}
        return self._user({"id": self.world.next_id(), **told}).id

    def _user(self, told: dict[str, Any]) -> User:
        """Add a user; an agent has a key made of its id, and `permissions` besides those of the role Agent."""
        at = self.clock.now()
        if told.get("type", "agent") == "agent":
            told = {"api_key": f"key-{told['id']}", "api_secret": f"secret-{told['id']}", **told}
        teams = told.pop("teams", [])
        if "permissions" in told:
            told["permissions"] = frozenset(told["permissions"])
        told["connected"] = told.get("connected", told.get("availability", "offline") in {"online", "away"})
        made = User(**{"made_at": at, "updated_at": at, "last_active_at": at if told["connected"] else None, **told})
        self.world.users[made.id] = made
        for team in teams:
            self.world.teams[team].members.append(made.id)
        return made

    def _conversations(self, told: dict[str, Any]) -> list[str]:
        """Load `count` equal conversations; `age` is in seconds, `every` the seconds between two of them."""
        count, age, every = told.pop("count", 1), told.pop("age", 0), told.pop("every", 1e-6)
        status = told.pop("status", None)
        told |= {name: read(told[name]) for name in TIMES if isinstance(told.get(name), str)}
        told |= {"status_id": self.world.status_named(status)} if status else {}
        start: datetime = told.pop("created_at", None) or self.clock.now() - timedelta(seconds=age)
        made = [self.add(**told, created_at=start + timedelta(seconds=every * number)) for number in range(count)]
        return [one.uuid for one in made]
