"""What may be said of who is there."""

from dataclasses import dataclass
from enum import StrEnum

from marshmallow import fields, validate

from dashboard.engine.model import Presence
from dashboard.services.forms.base import Form
from dashboard.services.forms.fields import Id, Switch, Word

MOST_AT_ONCE = 1_000


class SaidBy(StrEnum):
    """Whether a person chose it or a program noticed that they idle (E38)."""

    MANUAL = "manual"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """What an agent shall be."""

    availability: Presence
    auto_offline: bool | None = None
    source: SaidBy = SaidBy.MANUAL

    @property
    def by_hand(self) -> bool:
        """Say whether a person chose it."""
        return self.source is SaidBy.MANUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeats:
    """Agents who are there."""

    agent_ids: tuple[int, ...]


class AvailabilityForm(Form):
    """What an agent shall be."""

    root = "agent"
    makes = Availability
    availability = Word(Presence, required=True)
    auto_offline = Switch()
    source = Word(SaidBy, load_default=SaidBy.MANUAL)


class HeartbeatsForm(Form):
    """Agents who are there."""

    makes = Heartbeats
    agent_ids = fields.List(Id(), required=True, validate=validate.Length(max=MOST_AT_ONCE))
