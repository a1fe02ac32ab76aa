"""What people do in Chatwoot, as the promises of all adapters need it, and the place where they do it."""

from dataclasses import dataclass
from typing import Any

from dashboard.helpdesks.values import ConversationKey
from tests.helpdesks.standin.running import Control

ROOT, ANA, BO, INBOX = 1, 21, 22, 12
PAGE_SIZE = 2
CREDENTIALS = {"account_id": "3", "token": "token-of-user-1", "bot_token": "token-of-bot-8"}
PLACE: dict[str, Any] = {
    "accounts": [{"id": 3}],
    "users": [
        {"id": ROOT, "name": "Root", "email": "root@shop.example", "role": "administrator"},
        {"id": ANA, "name": "Ana", "email": "ana@shop.example", "presence": "online"},
        {"id": BO, "name": "Bo", "email": "bo@shop.example", "presence": "online"},
    ],
    "bots": [{"id": 8, "name": "Evenhand", "token": "token-of-bot-8"}],
    "inboxes": [{"id": INBOX, "name": "Support", "members": [ANA, BO]}],
}


@dataclass(frozen=True, slots=True)
class People:
    """The people of a stand-in."""

    there: Control

    def arrive(self) -> None:
        """Begin again with an empty inbox and short pages."""
        self.there.reset(page_size=PAGE_SIZE)
        self.there.load(**PLACE)

    def new_conversation(self, inbox_id: str, subject: str = "It broke") -> ConversationKey:
        """Let a customer write for the first time."""
        # Of two conversations of the same second, Chatwoot lists any one first.
        self.there.clock(advance=1)
        number = self.there.act("customer_starts", inbox=int(inbox_id), content=subject)
        return ConversationKey(id=self.there.act("identify", conversation=number), display_id=str(number))

    def give(self, key: ConversationKey, agent_id: str | None) -> None:
        """Let an administrator assign it, or take the assignee away."""
        if agent_id is None:
            self.there.act("unassign_by_hand", conversation=key.display_id)
        else:
            self.there.act("assign_by_hand", conversation=key.display_id, agent=int(agent_id), by=ROOT)

    def resolve(self, key: ConversationKey) -> None:
        """Let an administrator resolve it."""
        self.there.act("resolve", conversation=key.display_id)

    def comment(self, key: ConversationKey) -> None:
        """Let an administrator write a note."""
        self.there.act("agent_notes", conversation=key.display_id)

    def notes(self, key: ConversationKey) -> list[str]:
        """Return the texts of its private notes, oldest first."""
        found: list[str] = self.there.act("read_notes", conversation=key.display_id)
        return found
