"""A backlog that is held: it comes in open, and nothing of it is assigned until somebody switches its inboxes on."""

from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard.services.assignment import run
from dashboard.services.inboxes import inboxes
from dashboard.services.inboxes.inbox_forms import InboxEdit
from dashboard.store.models import AuditEntry, Conversation, Inbox
from tests import importing
from tests.desks import NOON, Acme, Recorded
from tests.importing import Done, written


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "backlog.csv"


def bring_in(acme: Acme, path: Path, *, hold: bool = True) -> Done:
    rows = (
        "T-1,Support,2026-03-01T08:00:00Z,,\n"
        "T-2,Repairs,2026-03-01T08:00:00Z,,\n"
        "T-3,Sales,2026-03-01T08:00:00Z,2026-03-01T09:00:00Z,Bo\n"
    )
    text = f"external_id,inbox,created_at,resolved_at,handled_by\n{rows}"
    return importing.bring_in(acme, written(path, text), hold=hold)


def test_a_held_backlog_starts_no_run_now_or_in_a_sweep(acme: Acme, path: Path, queue: Recorded):
    """Seen to fail with runs that were only not started: the next sweep assigned all of it."""
    acme.policy("Support", "Sales")
    acme.online("Ana")

    done = bring_in(acme, path)

    assert run.sweep(acme.work) == 0
    assert queue.runs == []
    acme.run("Support")
    assert (
        acme.work.session.scalars(select(Conversation.assignee_id).where(Conversation.external_id == "T-1")).one()
        is None
    )
    assert done.report.sentences[-1] == (
        "2 new conversations waiting; 0 to be assigned. Automatic assignment is off in Support, Repairs until somebody "
        "switches it on."
    )


def test_only_the_inboxes_that_get_waiting_rows_are_switched_off_and_that_is_audited(acme: Acme, path: Path):
    bring_in(acme, path)

    on = select(Inbox.name).where(Inbox.account_id == acme.account_id, Inbox.enable_auto_assignment)
    assert set(acme.work.session.scalars(on)) == {"Sales"}
    audited = select(AuditEntry.subject_id, AuditEntry.action).where(AuditEntry.subject == "inbox")
    assert (acme.support, "updated") in {tuple(row) for row in acme.work.session.execute(audited)}


def test_switched_on_the_backlog_is_assigned(acme: Acme, path: Path, queue: Recorded):
    acme.policy("Support")
    acme.online("Ana")
    bring_in(acme, path)

    edit = InboxEdit(enable_auto_assignment=True)
    acme.work.finished(
        inboxes.change(acme.work, acme.account_id, acme.support, edit, actor_id=acme.agents["Ana"], now=NOON)
    )

    assert [inbox for _, inbox, _ in queue.runs] == [acme.support]


def test_without_it_the_last_line_tells_how_many_will_be_assigned(acme: Acme, path: Path, queue: Recorded):
    acme.policy("Support")

    done = bring_in(acme, path, hold=False)

    assert done.report.sentences[-1] == "2 new conversations waiting; 2 to be assigned."
    assert len(queue.runs) == 2
