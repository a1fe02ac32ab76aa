"""Lookup of inboxes, teams and agents by the names of a file."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from marshmallow import ValidationError

from dashboard.services.accounts.account_forms import Email
from dashboard.services.csv_import.reading.names import folded
from dashboard.store.conversations.csv_import import NamedAgent, NamedRow, address_of

ADDRESS = Email()


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several agents have this name."""


def as_address(text: str) -> str | None:
    """Return the text as an address in lower case, if it is one."""
    if "@" not in text:
        return None
    try:
        return str(ADDRESS.deserialize(text))
    except ValidationError:
        return None


@dataclass(slots=True)
class NameIndex:
    """Ids by name: the exact name first, then the oldest row of the same key."""

    _exact: dict[str, int] = field(default_factory=dict)
    _folded: dict[str, int] = field(default_factory=dict)

    def add(self, rows: Iterable[NamedRow]) -> None:
        """Add rows, the oldest first."""
        for row in rows:
            self._exact.setdefault(row.name, row.id)
            self._folded.setdefault(folded(row.name), row.id)

    def find(self, name: str) -> int | None:
        """Return the id for a name."""
        return self._exact.get(name, self._folded.get(folded(name)))


@dataclass(slots=True)
class Agents:
    """Agents by address and by name, both without case."""

    account_id: int
    _by_address: dict[str, NamedAgent] = field(default_factory=dict)
    _by_name: dict[str, list[NamedAgent]] = field(default_factory=lambda: defaultdict(list))

    def add(self, agents: Iterable[NamedAgent]) -> None:
        """Add agents."""
        for agent in agents:
            if agent.email not in self._by_address:
                self._by_address[agent.email] = agent
                self._by_name[folded(agent.name)].append(agent)

    def find(self, text: str) -> NamedAgent | Ambiguous | None:
        """Return the agent for an address or a name, also for the name under which an import created them."""
        if (address := as_address(text)) and (agent := self._by_address.get(address)):
            return agent
        named = self._by_name.get(folded(text), [])
        meant = [agent for agent in named if agent.active] or named
        if len(meant) > 1:
            return Ambiguous()
        if meant:
            return meant[0]
        made = (self._by_address.get(address_of(self.account_id, name)) for name in (folded(text), text))
        return next((agent for agent in made if agent), None)


def new_agent(account_id: int, text: str) -> tuple[str, str]:
    """Return address and name of a new agent; for a name, the address is no real mailbox."""
    if address := as_address(text):
        return address, address.partition("@")[0]
    return address_of(account_id, folded(text)), text
