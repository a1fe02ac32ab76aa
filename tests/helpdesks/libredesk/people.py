"""What people do in Libredesk, as the promises of all adapters need it, and the place where they do it."""

from dataclasses import dataclass
from typing import Any

from dashboard.helpdesks.values import ConversationKey
from tests.helpdesks.libredesk.model import ADMIN
from tests.helpdesks.standin.running import Control

ROOT, ANA, BO, OURS, INBOX, TEAM = 2, 21, 22, 30, 12, 7
PAGE_SIZE = 2
CREDENTIALS = {"api_key": f"key-{OURS}", "api_secret": f"secret-{OURS}"}
UNKNOWN_AGENT, MISSING = "987654", ConversationKey(id="00000000-0000-4000-8000-00000000dead", display_id="987654")
PLACE: dict[str, Any] = {
    "inboxes": [{"id": INBOX, "name": "Support"}],
    "teams": [{"id": TEAM, "name": "Returns"}],
    "agents": [
        {"id": ROOT, "first_name": "Root", "email": "root@shop.example", "permissions": sorted(ADMIN)},
        {"id": ANA, "first_name": "Ana", "email": "ana@shop.example", "availability": "online", "teams": [TEAM]},
        {"id": BO, "first_name": "Bo", "email": "bo@shop.example", "availability": "online", "teams": [TEAM]},
        {"id": OURS, "first_name": "Evenhand", "email": "evenhand@shop.example", "permissions": sorted(ADMIN)},
    ],
}


@dataclass(frozen=True, slots=True)
class People:
    """The people of a stand-in."""

    there: Control

    def arrive(self) -> None:
        """Begin again with an empty inbox and short pages, and a clock that runs."""
        self.there.reset(page_size=PAGE_SIZE)
        self.there.clock(runs=True)
        self.there.load(**PLACE)

    def new_conversation(self, inbox_id: str, subject: str = "It broke") -> ConversationKey:
        """Let a customer write for the first time."""
        uuid = self.there.act("customer_starts", inbox=int(inbox_id), content=subject)
        return ConversationKey(id=uuid, display_id=self.there.act("identify", conversation=uuid))

    def give(self, key: ConversationKey, agent_id: str | None) -> None:
        """Let an administrator assign it, or take the assignee away."""
        if agent_id is None:
            self.there.act("unassign_by_hand", conversation=key.id, by=ROOT)
        else:
            self.there.act("assign_by_hand", conversation=key.id, agent=int(agent_id), by=ROOT)

    def resolve(self, key: ConversationKey) -> None:
        """Let an administrator resolve it."""
        self.there.act("resolve", conversation=key.id, by=ROOT)

    def comment(self, key: ConversationKey) -> None:
        """Let an administrator write a note."""
        self.there.act("agent_notes", conversation=key.id, by=ROOT)

    def notes(self, key: ConversationKey) -> list[str]:
        """Return the texts of its private notes, oldest first."""
        found: list[str] = self.there.act("read_notes", conversation=key.id)
        return found
