"""The cast of Libredesk's tests: a shop with two inboxes, two teams, an assistant, and an agent for our key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dashboard.helpdesks.libredesk.adapter import Libredesk
from dashboard.helpdesks.values import ConversationKey, HelpdeskConversation, HelpdeskPage
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.libredesk.model import AGENT_ROLE, MANAGES
from tests.helpdesks.standin.running import Control

NOON = "2026-08-08T12:00:00+00:00"
NOW = datetime(2026, 8, 8, 12, tzinfo=UTC)
SYSTEM, MIRA, TOM, ROBOT, OURS = 1, 14, 15, 16, 20
MAIL, CHAT, RETURNS, SALES = 2, 3, 5, 6
SECRET = "a-secret-of-ours"
OUR_RIGHTS = frozenset({"conversations:read", "conversations:read_all", "conversations:update_user_assignee",
                        "messages:read", "messages:write"}) | MANAGES  # fmt: skip
CAST: Mapping[str, Any] = {
    "inboxes": [{"id": MAIL, "name": "Support"}, {"id": CHAT, "name": "Chat", "channel": "livechat"}],
    "teams": [
        {"id": RETURNS, "name": "Returns", "emoji": "📦", "timezone": "Europe/Berlin", "business_hours_id": 4,
         "max_auto_assigned_conversations": 7},
        {"id": SALES, "name": "Sales"},
    ],
    "agents": [
        {"id": MIRA, "first_name": "Mira", "last_name": "Falk", "email": "mira@shop.example", "teams": [RETURNS],
         "availability": "online", "permissions": sorted(AGENT_ROLE)},
        {"id": TOM, "first_name": "Tom", "last_name": "Berg", "email": "tom@shop.example", "teams": [RETURNS],
         "availability": "away_manual", "permissions": sorted(AGENT_ROLE)},
        {"id": ROBOT, "first_name": "Robot", "type": "ai_assistant"},
        {"id": OURS, "first_name": "Evenhand", "email": "evenhand@shop.example", "permissions": sorted(OUR_RIGHTS)},
    ],
    "tags": ["vip", "late"],
}  # fmt: skip


@dataclass(slots=True)
class Shop:
    """The stand-in with its cast, and the adapter on it."""

    there: Control
    http: PlainHttp

    @property
    def helpdesk(self) -> Libredesk:
        """The adapter with our key."""
        return self.as_agent(OURS)

    def as_agent(self, agent: int) -> Libredesk:
        """Return an adapter with the key of this agent."""
        return Libredesk(self.http, {"api_key": f"key-{agent}", "api_secret": f"secret-{agent}"})

    def reset(self, **options: Any) -> None:
        """Begin again with another version or other options."""
        self.http.exchanges.clear()
        self.there.reset(**options)
        self.there.clock(now=NOON)
        self.there.load(**CAST)

    def may(self, *permissions: str) -> None:
        """Let the agent of our key have only these permissions."""
        self.there.act("set_user", agent=OURS, values={"permissions": permissions})

    def may_all_but(self, *permissions: str) -> None:
        """Take permissions from the agent of our key."""
        self.may(*sorted(OUR_RIGHTS - set(permissions)))

    def waits(self, **told: Any) -> ConversationKey:
        """Let a conversation wait in the mail."""
        [uuid] = self.there.load(conversations=[{"inbox_id": MAIL, **told}])
        return ConversationKey(id=uuid, display_id="")

    def read(self, key: ConversationKey) -> HelpdeskConversation:
        """Read a conversation that exists."""
        found = self.helpdesk.read_one(key)
        assert found is not None
        return found

    def paths(self, method: str = "GET") -> list[str]:
        """Return the paths that the adapter called."""
        return [one.path.removeprefix("/api/v1") for one in self.http.exchanges if one.method == method]


def all_of(read: Callable[[str | None], HelpdeskPage]) -> list[HelpdeskConversation]:
    """Read every page."""
    page = read(None)
    found = list(page.conversations)
    while page.next is not None:
        page = read(page.next)
        found += page.conversations
    return found
