"""What starts a run: something is blocked, and an act unblocks it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.scenarios.conftest import Helpdesk


@dataclass(slots=True)
class Blocked:
    """An inbox with one conversation that waits for what the test is about."""

    desk: Helpdesk
    inbox: int
    waiting: int


Cause = Callable[[Helpdesk], tuple[Blocked, Callable[[], object]]]


def added_to(causes: dict[str, Cause]) -> Callable[[Cause], Cause]:
    """Return what adds a cause: it prepares what is blocked and returns what unblocks it."""

    def add(prepare: Cause) -> Cause:
        causes[prepare.__name__] = prepare
        return prepare

    return add


def blocked(desk: Helpdesk, inbox: int, **facts: object) -> Blocked:
    [waiting] = desk.bring(inbox, 1, **facts)
    return Blocked(desk, inbox, waiting)


def assigns_at_once(desk: Helpdesk, cause: Cause) -> None:
    """See Ana given what waits within two seconds of the act, by no sweep."""
    found, act = cause(desk)
    assert not found.waiting or "Ana" not in desk.who([found.waiting])

    act()

    desk.settles_at_once(found.inbox)
    assert desk.who([found.waiting]) == ["Ana"]
    assert {run["source"] for run in desk.runs(found.inbox) if run["assigned_count"]} == {"realtime"}
