"""A unit of work is committed once, by its entry point, and announced only then."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

import dashboard.services
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.inboxes import inboxes, teams
from dashboard.services.inboxes.inbox_forms import InboxEdit, TeamEdit
from dashboard.store.models import Inbox, Team
from tests.desks import NOON, Acme, Recorded
from tests.services.agents.test_agents_races import own_desk

CALLED = {"actor_id": None, "now": NOON}
ENDS_A_TRANSACTION = re.compile(r"\.(commit|rollback)\(\)")


class CutOff(Exception):
    """The connection breaks."""


@contextmanager
def no_commit(acme: Acme) -> Iterator[None]:
    """Let every commit of this desk fail."""

    def fail(_connection: object) -> None:
        raise CutOff

    engine = acme.work.session.get_bind().engine
    event.listen(engine, "commit", fail)
    try:
        yield
    finally:
        event.remove(engine, "commit", fail)
        acme.work.session.rollback()


def seen_by_others(acme: Acme, model: type) -> int:
    with own_desk(acme) as other:
        return other.session.scalar(select(func.count()).select_from(model)) or 0


def live_version(acme: Acme) -> int:
    return acme.work.signals.live.current(acme.account_id)


def switch_on(acme: Acme) -> None:
    """Switch an inbox off, and on again in the unit of work that is under way."""
    for is_on in (False, True):
        edit = InboxEdit(enable_auto_assignment=is_on)
        inboxes.change(acme.work, acme.account_id, acme.support, edit, **CALLED)


def test_nobody_sees_or_hears_of_a_unit_of_work_before_it_is_finished(acme: Acme, queue: Recorded) -> None:
    acme.waiting(1)
    before = live_version(acme)

    teams.create(acme.work, acme.account_id, TeamEdit(name="Tier 2"), **CALLED)
    switch_on(acme)

    assert (seen_by_others(acme, Team), live_version(acme), queue.runs) == (0, before, [])
    acme.work.finish()
    assert seen_by_others(acme, Team) == 1
    assert live_version(acme) != before
    assert [inbox_id for _, inbox_id, _ in queue.runs] == [acme.support]


@pytest.mark.parametrize("refusal", [None, invalid("name", "This is taken."), Conflict(sentence="No.")])
def test_a_refusal_takes_back_the_whole_unit_of_work_and_its_notes(
    acme: Acme, queue: Recorded, refusal: Invalid | Conflict | None
) -> None:
    acme.waiting(1)
    teams.create(acme.work, acme.account_id, TeamEdit(name="Tier 2"), **CALLED)
    switch_on(acme)

    assert acme.work.finished(refusal) is refusal

    acme.work.finish()
    assert (seen_by_others(acme, Team), queue.runs) == (0, [])


def test_what_a_failed_commit_would_have_announced_is_not_announced_by_the_next(acme: Acme, queue: Recorded) -> None:
    acme.waiting(1)
    before = live_version(acme)
    switch_on(acme)

    with no_commit(acme), pytest.raises(CutOff):
        acme.work.finish()

    acme.work.finish()
    assert (live_version(acme), queue.runs) == (before, [])


def test_several_services_are_announced_once(acme: Acme, queue: Recorded) -> None:
    before = live_version(acme)

    for name in ("Billing", "Returns"):
        inboxes.create(acme.work, acme.account_id, InboxEdit(name=name), **CALLED)
    acme.work.finish()

    assert seen_by_others(acme, Inbox) == 5
    assert live_version(acme) == before + 1


def test_no_service_ends_a_transaction_by_itself() -> None:
    folder = Path(dashboard.services.__file__).parent

    assert [path for path in folder.rglob("*.py") if ENDS_A_TRANSACTION.search(path.read_text())] == []
