"""The cast of Chatwoot's tests: a shop with two inboxes, a team, a bot, and a customer who waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.helpdesks.chatwoot.adapter import Chatwoot
from dashboard.helpdesks.values import ConversationKey, HelpdeskConversation
from tests.helpdesks.http import PlainHttp
from tests.helpdesks.standin.running import Control

NOON = "2026-07-02T12:00:00+00:00"
ADA, MIRA, TOM, UMA = 1, 41, 44, 45
BOT, CHAT, MAIL, RETURNS = 8, 12, 13, 7
CREDENTIALS = {"account_id": "3", "token": "token-of-user-1"}
WITH_BOT = {**CREDENTIALS, "bot_token": "token-of-bot-8"}
CAST: Mapping[str, Any] = {
    "accounts": [{"id": 3}, {"id": 4, "name": "Stranger"}],
    "users": [
        {"id": ADA, "name": "Ada Root", "email": "ada@shop.example", "role": "administrator"},
        {"id": MIRA, "name": "Mira Falk", "email": "mira@shop.example", "presence": "online"},
        {"id": TOM, "name": "Tom Berg", "email": "tom@shop.example", "presence": "busy"},
        {"id": UMA, "name": "Uma New", "email": "uma@shop.example", "confirmed": False},
        {"id": 90, "account_id": 4, "name": "Zoe Else", "email": "zoe@else.example", "role": "administrator"},
    ],
    "bots": [{"id": BOT, "name": "Evenhand", "token": "token-of-bot-8"}],
    "inboxes": [
        {"id": CHAT, "name": "Shop chat", "members": [MIRA, TOM]},
        {"id": MAIL, "name": "Mail", "channel_type": "Channel::Email", "members": [TOM]},
    ],
    "teams": [{"id": RETURNS, "name": "returns", "allow_auto_assign": False, "members": [TOM]}],
    "labels": [{"title": "vip"}, {"title": "late"}],
}


@dataclass(slots=True)
class Shop:
    """The stand-in with its cast, and the adapter on it."""

    there: Control
    http: PlainHttp

    @property
    def helpdesk(self) -> Chatwoot:
        """The adapter with an administrator's token."""
        return self.adapter(CREDENTIALS)

    def adapter(self, credentials: Mapping[str, str]) -> Chatwoot:
        """Return an adapter with these credentials."""
        return Chatwoot(self.http, credentials)

    def reset(self, **options: Any) -> None:
        """Begin again with another version or other options."""
        self.there.reset(allow_private=True, **options)
        self.there.clock(now=NOON)
        self.there.load(**CAST)

    def waits(self, **told: Any) -> ConversationKey:
        """Let a conversation wait in the chat."""
        [number] = self.there.load(conversations=[{"inbox_id": CHAT, **told}])
        return ConversationKey(id="", display_id=str(number))

    def read(self, key: ConversationKey) -> HelpdeskConversation:
        """Read a conversation that exists."""
        found = self.helpdesk.read_one(key)
        assert found is not None
        return found

    def token_of(self, user: int) -> Mapping[str, str]:
        """Return credentials with the token of this user."""
        return {**CREDENTIALS, "token": f"token-of-user-{user}"}

    def calls(self, ending: str) -> list[dict[str, Any]]:
        """Return the requests whose path ends so."""
        return [one for one in self.there.log()["requests"] if one["path"].endswith(ending)]
