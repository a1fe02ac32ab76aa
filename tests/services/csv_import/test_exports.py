"""Exports of five kinds of helpdesks, each imported by one command with a line for whatever is left out."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from dashboard.config import ROOT
from dashboard.engine.model import Status
from dashboard.store.models import AccountUser, Contact, Conversation, Inbox
from tests.desks import Acme
from tests.importing import Done, bring_in, prepared

EXPORTS = ROOT / "tests" / "services" / "csv_import" / "exports"
Row = tuple[str, str, Status, str | None, int | None]


def rows(acme: Acme) -> dict[str, Row]:
    """Return inbox, contact, status, agent and priority of each conversation."""
    found = acme.work.session.execute(
        select(Conversation, Inbox.name.label("inbox"), Contact.identifier, AccountUser.name.label("agent"))
        .join(Inbox, Inbox.id == Conversation.inbox_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(
            AccountUser,
            (AccountUser.user_id == Conversation.assignee_id) & (AccountUser.account_id == Conversation.account_id),
        )
    )
    return {
        row.Conversation.external_id: (
            row.inbox, row.identifier, row.Conversation.status, row.agent, row.Conversation.priority,
        )
        for row in found
    }  # fmt: skip


def conversation(acme: Acme, external_id: str) -> Conversation:
    return acme.work.session.scalars(select(Conversation).where(Conversation.external_id == external_id)).one()


def imported(acme: Acme, name: str, **wanted: object) -> Done:
    done = bring_in(acme, EXPORTS / f"{name}.csv", **wanted)  # type: ignore[arg-type]
    assert done.bad == []
    return done


def test_a_view_of_zendesk(acme: Acme):
    """Seen to fail with "lacks created_at, external_id, inbox"."""
    done = imported(acme, "zendesk")

    assert rows(acme) == {
        "4101": ("Support", "robin@mill.example", Status.OPEN, "Ana", 2),
        "4102": ("Support", "kim@fox.example", Status.OPEN, None, None),
        "4103": ("Support", "lee@moss.example", Status.PENDING, "Bo", 3),
        "4104": ("Sales", "robin@mill.example", Status.RESOLVED, "Cleo", 1),
        "4105": ("Sales", "ira@stone.example", Status.RESOLVED, "Nora Quill", 4),
    }
    closed = conversation(acme, "4105")
    assert closed.resolved_at == datetime(2026, 2, 14, 16, 45, tzinfo=UTC)
    assert conversation(acme, "4101").labels == ["billing", "invoice_2026"]
    assert conversation(acme, "4102").subject == 'Printer on floor 2: "paper jam"'
    assert done.notes == {"resolved_at_missing": 1}


def test_the_tickets_of_freshdesk(acme: Acme):
    """Seen to fail with "lacks created_at, external_id, inbox"."""
    done = imported(acme, "freshdesk", label_separator=",")

    assert rows(acme) == {
        "501": ("Support", "sam@reed.example", Status.OPEN, None, 3),
        "502": ("Support", "toni@bell.example", Status.SNOOZED, "Ana", 2),
        "503": ("Support", "sam@reed.example", Status.RESOLVED, "Bo", 4),
        "504": ("Returns", "uli@park.example", Status.RESOLVED, "Cleo", 1),
        "505": ("Returns", "uli@park.example", Status.OPEN, None, 3),
    }
    assert conversation(acme, "501").labels == ["parcel", "late delivery"]
    assert conversation(acme, "504").resolved_at == datetime(2026, 2, 23, 17, tzinfo=UTC)
    assert done.notes == {"status_unknown": 1}


def test_the_incidents_of_servicenow(acme: Acme):
    """Seen to fail with "lacks created_at, external_id, inbox"."""
    done = imported(acme, "servicenow")

    assert rows(acme) == {
        "INC0010001": ("Network", "Caller 11", Status.OPEN, None, 3),
        "INC0010002": ("Hardware", "Caller 12", Status.OPEN, "Ana", 2),
        "INC0010003": ("Hardware", "Caller 12", Status.PENDING, "Bo", 4),
        "INC0010004": ("Hardware", "Caller 13", Status.RESOLVED, "Cleo", None),
        "INC0010005": ("Network", "Caller 14", Status.SNOOZED, None, 3),
    }
    assert conversation(acme, "INC0010001").created_at == datetime(2026, 2, 28, 7, 16, tzinfo=UTC)
    assert conversation(acme, "INC0010004").resolved_at == datetime(2026, 2, 12, 15, 30, tzinfo=UTC)
    assert done.notes == {"priority_unknown": 1}


def test_the_issues_of_jira(acme: Acme):
    """Seen to fail with "lacks created_at, external_id, inbox"."""
    done = imported(acme, "jira")

    assert rows(acme) == {
        "DESK-1": ("Service Desk", "Caller A", Status.OPEN, "Ana", 2),
        "DESK-2": ("Service Desk", "Caller B", Status.OPEN, None, 1),
        "DESK-3": ("Service Desk", "Caller A", Status.RESOLVED, "Bo", 4),
        "DESK-4": ("Service Desk", "Caller C", Status.SNOOZED, "Bo", 3),
    }
    assert conversation(acme, "DESK-1").labels == ["export", "report"]
    assert conversation(acme, "DESK-2").created_at == datetime(2026, 3, 1, 23, 5, tzinfo=UTC)
    assert conversation(acme, "DESK-3").resolved_at == datetime(2026, 2, 22, tzinfo=UTC)
    assert done.notes == {}


def test_a_plain_dump_of_a_database(acme: Acme):
    """Seen to fail with "lacks created_at, external_id, inbox"."""
    done = imported(acme, "plain")

    assert rows(acme) == {
        "1": ("Support", "c-1", Status.OPEN, None, 1),
        "2": ("Support", "c-2", Status.OPEN, "Bo", 2),
        "3": ("Support", "c-2", Status.RESOLVED, "Cleo", None),
        "4": ("Support", "c-3", Status.OPEN, "Ana", 3),
    }
    assert conversation(acme, "2").labels == ["vip", "needs a call"]
    assert conversation(acme, "2").assigned_at == datetime(2026, 3, 1, 7, 10, tzinfo=UTC)
    assert conversation(acme, "3").subject == "Order 3; with a semicolon"
    assert conversation(acme, "4").subject is None
    assert done.notes == {"team_unknown": 1}


@pytest.mark.parametrize("path", sorted(EXPORTS.glob("*.csv")), ids=lambda path: path.stem)
def test_columns_that_are_not_read_and_a_zone_that_is_assumed_are_told_of(path: Path):
    said = " ".join(prepared(path).remarks)  # type: ignore[union-attr]

    assert "Columns not read: " in said
    assert "read as UTC" in said
