"""A helpdesk with people in it, as the promises of all adapters need it; each kind has one row in `conftest.py`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from dashboard.helpdesks.port import Helpdesk, HelpdeskHttp
from dashboard.helpdesks.values import ConversationKey, HelpdeskConversation


class Acts(Protocol):
    """What people do in the helpdesk, not through the adapter."""

    def new_conversation(self, inbox_id: str, subject: str = "It broke") -> ConversationKey:
        """Let a customer write for the first time."""

    def give(self, key: ConversationKey, agent_id: str | None) -> None:
        """Let an administrator assign it, or take the assignee away."""

    def resolve(self, key: ConversationKey) -> None:
        """Let an administrator resolve it."""

    def comment(self, key: ConversationKey) -> None:
        """Let an administrator do something that changes the conversation, and neither status nor assignee."""

    def notes(self, key: ConversationKey) -> list[str]:
        """Return the texts of its private notes, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A helpdesk with an empty inbox of the test's own, in which Ana and Bo may take conversations.

    `compares` is true if the helpdesk itself compares before it assigns. A page has `page_size` conversations.
    """

    connect: Callable[[HelpdeskHttp, Mapping[str, str]], Helpdesk]
    http: HelpdeskHttp
    credentials: Mapping[str, str]
    acts: Acts
    inbox_id: str
    ana_id: str
    bo_id: str
    unknown_agent_id: str
    missing: ConversationKey
    page_size: int
    compares: bool

    @property
    def helpdesk(self) -> Helpdesk:
        """The adapter with the right credentials."""
        return self.connect(self.http, self.credentials)

    def seen(self, key: ConversationKey) -> HelpdeskConversation:
        """Return a conversation that exists."""
        found = self.helpdesk.read_one(key)
        assert found is not None
        return found
