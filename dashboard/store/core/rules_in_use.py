"""The rules of an inbox and its account whose facts a snapshot must read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesInUse:
    """The rules of the account whose facts must be read: most accounts use none, and read none."""

    weighs: bool = False
    paces: bool = False


NO_RULES = RulesInUse()
