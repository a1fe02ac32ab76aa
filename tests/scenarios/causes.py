"""What starts a run: something is blocked, and an act unblocks it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.scenarios.conftest import Helpdesk


@dataclass(slots=True)
class Blocked:
    """An inbox with one conversation that waits for what the test is about."""

    work: Helpdesk
    inbox: int
    waiting: int


Cause = Callable[[Helpdesk], tuple[Blocked, Callable[[], object]]]


def added_to(causes: dict[str, Cause]) -> Callable[[Cause], Cause]:
    """Return what adds a cause: it prepares what is blocked and returns what unblocks it."""

    def add(prepare: Cause) -> Cause:
        causes[prepare.__name__] = prepare
        return prepare

    return add


def blocked(work: Helpdesk, inbox: int, **facts: object) -> Blocked:
    [waiting] = work.bring(inbox, 1, **facts)
    return Blocked(work, inbox, waiting)


def assigns_at_once(work: Helpdesk, cause: Cause) -> None:
    """See Ana given what waits within two seconds of the act, by no sweep."""
    found, act = cause(work)
    assert not found.waiting or "Ana" not in work.who([found.waiting])

    act()

    work.settles_at_once(found.inbox)
    assert work.who([found.waiting]) == ["Ana"]
    assert {run["source"] for run in work.runs(found.inbox) if run["assigned_count"]} == {"realtime"}
