"""The steps that set up a connection: the effect of each, and the finished ones, derived from the rows alone."""

from dataclasses import dataclass

from flask import url_for

from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.pages.list_page import ConnectionCounts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step, by the noun of its address."""

    noun: str
    title: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLink:
    """A step of one connection; without an address it cannot be opened yet."""

    noun: str
    title: str
    url: str | None
    is_done: bool
    is_current: bool


STEPS = (
    Step(
        noun="address",
        title="Address",
        sentence=(
            "Say which helpdesk, and how Evenhand may log in. Nothing is changed there yet. Next, it is checked."
        ),
    ),
    Step(
        noun="checks",
        title="Checks",
        sentence=(
            "Evenhand calls the helpdesk, looks at its rights there, and creates its webhook. Next, you choose inboxes."
        ),
    ),
    Step(
        noun="inboxes",
        title="Inboxes",
        sentence=(
            "Tick the inboxes that Evenhand shall watch. They begin in shadow: it decides, and writes nothing there."
            " Next, you say who is who."
        ),
    ),
    Step(
        noun="agents",
        title="Agents",
        sentence=(
            "Confirm who each person there is here; only confirmed ones are ever assigned anything."
            " Next, the helpdesk's own assignment."
        ),
    ),
    Step(
        noun="own_assignment",
        title="Own assignment",
        sentence=(
            "Two engines would fight over each conversation. Before an inbox goes live, the helpdesk's own assignment"
            " must be off there. Next, the first sync."
        ),
    ),
    Step(
        noun="sync",
        title="First sync",
        sentence="All open conversations are read, oldest first; nothing is decided before. Then shadow begins.",
    ),
)
BY_NOUN = {step.noun: step for step in STEPS}


def links(row: ConnectionRow, counts: ConnectionCounts, current: str) -> list[StepLink]:
    """Return the steps of a connection."""
    done = _done(row, counts)
    open_until = next(
        (at for at, step in enumerate(STEPS) if step.noun in BARRIERS and not done[step.noun]), len(STEPS)
    )
    return [
        StepLink(
            noun=step.noun,
            title=step.title,
            url=address(row.id, step.noun) if 0 < at <= open_until else None,
            is_done=done[step.noun],
            is_current=step.noun == current,
        )
        for at, step in enumerate(STEPS)
    ]


# What must be done before any later step makes sense.
BARRIERS = frozenset({"checks", "inboxes"})


def address(connection_id: int, noun: str) -> str:
    """Return the address of a step."""
    return url_for(f"web.connections_setup.{noun}", connection_id=connection_id)


def next_address(row: ConnectionRow, counts: ConnectionCounts) -> str:
    """Return where a person goes on: the first step that is not done, or the connection's own page."""
    done = _done(row, counts)
    noun = next((step.noun for step in STEPS if not done[step.noun]), None)
    return address(row.id, noun) if noun else url_for("web.connections.show", connection_id=row.id)


def _done(row: ConnectionRow, counts: ConnectionCounts) -> dict[str, bool]:
    """Return which steps are done; the helpdesk's own assignment may stay on for as long as all is in shadow."""
    return {
        "address": True,
        "checks": counts.known > 0,
        "inboxes": counts.chosen > 0,
        "agents": counts.unmatched == 0 and counts.chosen > 0,
        "own_assignment": row.is_imported or bool(row.switched_off),
        "sync": row.is_imported,
    }
