"""Connections as words and levels, and the progress of a first sync."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask

from dashboard.helpdesks.values import HelpdeskKind
from dashboard.services.board.inbox_status import Level
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models.connections import ConnectionState

LEVELS: Mapping[ConnectionState, Level] = {
    ConnectionState.NEW: Level.ATTENTION,
    ConnectionState.IMPORTING: Level.ATTENTION,
    ConnectionState.READY: Level.CALM,
    ConnectionState.DEGRADED: Level.ATTENTION,
    ConnectionState.PAUSED: Level.ATTENTION,
    ConnectionState.BROKEN: Level.ACTION,
}
STATES: Mapping[ConnectionState, str] = {
    ConnectionState.NEW: "not set up",
    ConnectionState.IMPORTING: "first sync",
    ConnectionState.READY: "ready",
    ConnectionState.DEGRADED: "degraded",
    ConnectionState.PAUSED: "paused",
    ConnectionState.BROKEN: "broken",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A first sync as far as it has come; `rest` is None while nobody can tell."""

    done: int
    total: int | None
    per_second: float | None
    rest: timedelta | None
    is_done: bool
    has_begun: bool


def init_app(app: Flask) -> None:
    """Add the filters to the templates."""
    filters: Mapping[str, Callable[..., object]] = {"health": health, "state": state, "kind": kind, "seconds": seconds}
    app.jinja_env.filters.update(filters)


def health(row: ConnectionRow) -> Level:
    """Return how loud a connection's state is; a question to a person is as loud as it gets."""
    return Level.ACTION if row.question and not row.question.get("confirmed") else LEVELS[row.state]


def state(said: ConnectionState) -> str:
    """Return a state in words."""
    return STATES[said]


def kind(said: HelpdeskKind) -> str:
    """Return the helpdesk's own name."""
    return ADAPTERS[said].label


def seconds(lasted: float) -> str:
    """Return a lag for reading."""
    if lasted < 0.01:
        return "<0.01 s"
    if lasted < 60:
        return f"{lasted:.2f} s" if lasted < 1 else f"{lasted:.1f} s"
    minutes, rest = divmod(round(lasted), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def progress(row: ConnectionRow, now: datetime) -> Progress:
    """Return how far the first sync has come."""
    lasted = (now - row.open_began_at).total_seconds() if row.open_began_at else 0.0
    rate = row.open_done / lasted if lasted >= 1 and row.open_done else None
    left = row.open_total - row.open_done if row.open_total is not None else None
    rest = timedelta(seconds=max(0, left) / rate) if rate and left is not None else None
    return Progress(
        done=row.open_done,
        total=row.open_total,
        per_second=rate,
        rest=rest,
        is_done=row.is_imported,
        has_begun=row.open_began_at is not None,
    )
