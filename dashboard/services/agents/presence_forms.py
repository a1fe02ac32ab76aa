"""Forms for availability and heartbeats."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from dashboard.engine.model import Presence
from dashboard.services.core.form import Form
from dashboard.services.core.form_fields import Id, Instant, Switch, Word

MOST_AT_ONCE = 1_000
OF_IDLING = frozenset({Presence.AWAY, Presence.ONLINE})


class SaidBy(StrEnum):
    """The source of an availability: a person's choice, or an idle report from a program (E38)."""

    MANUAL = "manual"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Availability:
    """The new availability of an agent."""

    availability: Presence
    auto_offline: bool | None = None
    source: SaidBy = SaidBy.MANUAL
    availability_until: datetime | None = None

    @property
    def by_hand(self) -> bool:
        """Return True if a person chose the availability."""
        return self.source is SaidBy.MANUAL


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatList:
    """The ids of agents with a heartbeat."""

    agent_ids: tuple[int, ...]


class AvailabilityForm(Form):
    """A change of an agent's availability."""

    root = "agent"
    makes = Availability
    availability = Word(Presence, required=True)
    auto_offline = Switch()
    source = Word(SaidBy, load_default=SaidBy.MANUAL)
    availability_until = Instant(allow_none=True)

    @validates_schema
    def check_idling(self, data: dict[str, Any], **_: object) -> None:
        """Refuse an idle report of an availability that only a person can choose (E38)."""
        if data["source"] is SaidBy.IDLE and data["availability"] not in OF_IDLING:
            raise ValidationError("An idle report is away or online.", "availability")
        if data["source"] is SaidBy.IDLE and data.get("availability_until"):
            raise ValidationError("Only a choice by hand has an end.", "availability_until")


class HeartbeatsForm(Form):
    """Heartbeats of up to 1,000 agents."""

    makes = HeartbeatList
    agent_ids = fields.List(Id(), required=True, validate=validate.Length(max=MOST_AT_ONCE))
