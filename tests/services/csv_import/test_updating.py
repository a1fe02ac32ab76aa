"""The same file a day later: what its helpdesk has done since, and nothing of what people did here."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard.engine.decisions import Source
from dashboard.engine.model import Status
from dashboard.services.conversations import change
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.store.models import Assignment, Conversation, OutboxEvent
from tests import importing
from tests.desks import NOON, Acme, Recorded
from tests.importing import Done, written

HEADER = "external_id,inbox,created_at,status,resolved_at,handled_by\n"
MORNING, EVENING = "2026-03-02T08:00:00Z", datetime(2026, 3, 2, 18, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "conversations.csv"


def bring_in(acme: Acme, path: Path, *rows: str, now: datetime = NOON, **wanted: bool) -> Done:
    text = HEADER + "".join(f"{row}\n" for row in rows)
    return importing.bring_in(acme, written(path, text), now=now, **wanted)


def one(acme: Acme) -> Conversation:
    acme.work.session.expire_all()
    return acme.work.session.scalars(select(Conversation)).one()


def events(acme: Acme) -> list[str]:
    return list(acme.work.session.scalars(select(OutboxEvent.event).order_by(OutboxEvent.id)))


def ledger(acme: Acme) -> list[tuple[int | None, int | None, str, str | None]]:
    rows = acme.work.session.scalars(select(Assignment).order_by(Assignment.id))
    return [(row.agent_id, row.previous_agent_id, row.source, row.reason) for row in rows]


def test_what_the_helpdesk_closed_since_is_closed_by_whoever_it_says(acme: Acme, path: Path, queue: Recorded):
    """Seen to fail: it stayed open, and waited for ever."""
    bring_in(acme, path, f"T-1,Support,{MORNING},,,")

    done = bring_in(acme, path, f"T-1,Support,{MORNING},,{EVENING.isoformat()},Bo", now=TOMORROW, update=True)

    row = one(acme)
    assert (row.status, row.resolved_at, row.assignee_id) == (Status.RESOLVED, EVENING, acme.agents["Bo"])
    assert (row.waiting_since, row.assigned_at, row.last_activity_at) == (None, EVENING, EVENING)
    assert (done.report.created, done.report.existing, done.report.updated) == (0, 1, 1)
    assert ledger(acme) == [(acme.agents["Bo"], None, Source.BY_HAND, "imported")]
    assert events(acme)[1:] == ["assignee_changed", "conversation_status_changed", "conversation_updated"]


def test_without_the_option_nothing_changes(acme: Acme, path: Path):
    bring_in(acme, path, f"T-1,Support,{MORNING},,,")

    done = bring_in(acme, path, f"T-1,Support,{MORNING},,{EVENING.isoformat()},Bo", now=TOMORROW)

    assert (one(acme).status, done.report.updated) == (Status.OPEN, 0)


def test_closing_makes_room_and_a_run_starts_where_something_waits(acme: Acme, path: Path, queue: Recorded):
    """E30"""
    bring_in(acme, path, f"T-1,Support,{MORNING},,,Bo")
    acme.waiting(1, "Sales")

    bring_in(acme, path, f"T-1,Support,{MORNING},closed,,Bo", now=TOMORROW, update=True)

    assert [inbox for _, inbox, _ in queue.runs] == [acme.sales]
    assert one_of(acme, "T-1").resolved_at == TOMORROW


def one_of(acme: Acme, external_id: str) -> Conversation:
    acme.work.session.expire_all()
    return acme.work.session.scalars(select(Conversation).where(Conversation.external_id == external_id)).one()


def test_an_agent_whom_somebody_chose_here_stays_while_it_is_open_and_gives_way_to_who_closed_it(
    acme: Acme, path: Path
):
    bring_in(acme, path, f"T-1,Support,{MORNING},,,")
    by_hand = ConversationChange(assignee_id=acme.agents["Cleo"])
    acme.work.finished(
        change.change(acme.work, acme.account_id, one(acme).id, by_hand, actor_id=acme.agents["Ana"], now=NOON)
    )

    bring_in(acme, path, f"T-1,Support,{MORNING},,,Bo", now=TOMORROW, update=True)
    assert one(acme).assignee_id == acme.agents["Cleo"]

    bring_in(acme, path, f"T-1,Support,{MORNING},,{EVENING.isoformat()},Bo", now=TOMORROW, update=True)
    assert one(acme).assignee_id == acme.agents["Bo"]
    assert ledger(acme)[-1] == (acme.agents["Bo"], acme.agents["Cleo"], Source.BY_HAND, "imported")


def test_one_that_still_waits_goes_to_the_agent_who_has_it_in_the_helpdesk_unless_somebody_released_it(
    acme: Acme, path: Path
):
    bring_in(acme, path, f"T-1,Support,{MORNING},,,")
    bring_in(acme, path, f"T-1,Support,{MORNING},,,Bo", now=TOMORROW, update=True)
    assert one(acme).assignee_id == acme.agents["Bo"]

    release = ConversationChange(assignee_id=None)
    acme.work.finished(
        change.change(acme.work, acme.account_id, one(acme).id, release, actor_id=acme.agents["Ana"], now=TOMORROW)
    )
    done = bring_in(acme, path, f"T-1,Support,{MORNING},,,Bo", now=TOMORROW, update=True)

    assert (one(acme).assignee_id, done.report.updated) == (None, 0)


def test_what_somebody_wrote_here_after_the_end_keeps_it_open_and_is_told_of(acme: Acme, path: Path):
    bring_in(acme, path, f"T-1,Support,{MORNING},,,")
    said = Message(message_type=MessageType.INCOMING, at=EVENING + timedelta(hours=1))
    acme.work.finished(
        change.message(acme.work, acme.account_id, one(acme).id, said, actor_id=None, now=said.at or NOON)
    )

    done = bring_in(acme, path, f"T-1,Support,{MORNING},,{EVENING.isoformat()},", now=TOMORROW, update=True)

    assert (one(acme).status, done.report.updated, done.notes) == (Status.OPEN, 0, {"resolved_at_newer": 1})


def test_what_is_resolved_here_stays_as_it_is(acme: Acme, path: Path):
    bring_in(acme, path, f"T-1,Support,{MORNING},,,Bo")
    acme.work.finished(
        change.change(
            acme.work,
            acme.account_id,
            one(acme).id,
            ConversationChange(status=Status.RESOLVED),
            actor_id=acme.agents["Ana"],
            now=NOON,
        )
    )
    before = events(acme)

    done = bring_in(acme, path, f"T-1,Support,{MORNING},closed,,Cleo", now=TOMORROW, update=True)

    row = one(acme)
    assert (row.resolved_at, row.assignee_id, done.report.updated) == (NOON, acme.agents["Bo"], 0)
    assert events(acme) == before


def test_updating_twice_changes_nothing_more(acme: Acme, path: Path):
    bring_in(acme, path, f"T-1,Support,{MORNING},,,")
    for expected in (1, 0):
        row = f"T-1,Support,{MORNING},,{EVENING.isoformat()},Bo"
        assert bring_in(acme, path, row, now=TOMORROW, update=True).report.updated == expected
