"""One call of Chatwoot's API, and what calls need."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.helpdesks.chatwoot import shapes
from tests.helpdesks.chatwoot.model import Bot, Conversation, User, World
from tests.helpdesks.standin.messages import Request

if TYPE_CHECKING:
    from tests.helpdesks.chatwoot.chatwoot import ChatwootStandin


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request with its caller and the ids of its path."""

    standin: "ChatwootStandin"
    request: Request
    who: User | Bot
    ids: Mapping[str, int]

    @property
    def world(self) -> World:
        return self.standin.world

    @property
    def account_id(self) -> int:
        return self.ids["account"]

    @property
    def enterprise(self) -> bool:
        """Return whether the installation has the enterprise folder, as the standard images have."""
        return bool(self.standin.options.get("enterprise", True))

    def conversation(self) -> Conversation:
        """Return the conversation of the path, for who may see it; LookupError is 404."""
        one = self.world.conversations[self.account_id, self.ids["conversation"]]
        is_agent = isinstance(self.who, User) and self.who.role != "administrator"
        if is_agent and self.who.id not in self.world.inboxes[one.inbox_id].members:
            raise LookupError
        return one

    def owned(self, kept: Mapping[int, Any], name: str) -> Any:
        """Return the thing of the path, if it is this account's; LookupError is 404."""
        found = kept[self.ids[name]]
        if found.account_id != self.account_id:
            raise LookupError
        return found

    def agent(self, user: User) -> dict[str, Any]:
        """Return an agent with its presence."""
        return shapes.agent(user, self.standin.presence(user), enterprise=self.enterprise)

    def agents(self) -> dict[int, dict[str, Any]]:
        """Return all agents of the account by id."""
        return {user.id: self.agent(user) for user in self.world.users_of(self.account_id)}

    def members(self, ids: list[int]) -> list[dict[str, Any]]:
        """Return members as agents."""
        return [self.agent(user) for user in self.world.users_of(self.account_id) if user.id in ids]
