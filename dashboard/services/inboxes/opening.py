"""Whether an inbox is open now, and until when (E62)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from dashboard.store.inboxes import business_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An inbox's state by its hours: the next change, None if there is none within a year, and their zone."""

    is_open: bool
    opens_at: datetime | None
    closes_at: datetime | None
    zone: tzinfo


def of(stored: Mapping[str, Any] | None, *, now: datetime) -> Opening | None:
    """Return the state by stored hours; None for an inbox that is always open."""
    hours = business_hours.of(stored)
    if hours is None:
        return None
    return Opening(
        is_open=hours.is_open(now), opens_at=hours.opens_at(now), closes_at=hours.closes_at(now), zone=hours.zone
    )
