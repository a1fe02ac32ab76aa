"""A file of conversations comes in once, with everything that it needs."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from dashboard.engine.model import Role, Status
from dashboard.services import import_rows, imports
from dashboard.services.import_rows import BadFile, Read
from dashboard.services.imports import Imported
from dashboard.store.models import (
    AccountUser,
    Assignment,
    AssignmentPolicy,
    AuditEntry,
    Contact,
    Conversation,
    Inbox,
    InboxMember,
    Label,
    OutboxEvent,
    PolicyLink,
    User,
)
from tests.desks import NOON, Acme, Recorded

HEADER = "external_id,inbox,contact,subject,labels,priority,created_at,resolved_at,handled_by,reopened\n"
ROWS = (
    "T-1,Support,kim,No sound,audio urgent,2,2016-03-01T08:00:00Z,2016-03-01T09:00:00Z,Bo,0\n",
    "T-2,Repairs,kim,,,,2016-03-01T09:00:00Z,2016-03-05T09:00:00Z,Resolver 89,1\n",
    "T-3,Repairs,lee,Broken,,4,2016-03-01T10:00:00Z,,Resolver 89,0\n",
)


def read(*rows: str) -> Read:
    found = import_rows.read([HEADER, *rows])
    assert isinstance(found, Read)
    return found


def bring_in(acme: Acme, *rows: str, now: datetime = NOON, as_of_now: bool = False) -> Imported:
    found = list(read(*rows).rows)
    wanted = import_rows.moved_to(now, found) if as_of_now else found
    done = imports.bring_in(acme.desk, acme.account_id, wanted, now=now, progress=lambda _: None)
    assert done is not None
    return done


def everything(acme: Acme) -> list[int | None]:
    people = (User, AccountUser, InboxMember, Contact)
    work = (Inbox, PolicyLink, Label, Conversation, Assignment, OutboxEvent, AuditEntry)
    return [acme.desk.session.scalar(select(func.count()).select_from(kind)) for kind in people + work]


def statuses(acme: Acme) -> dict[str | None, Status]:
    rows = acme.desk.session.execute(select(Conversation.external_id, Conversation.status))
    return {row.external_id: row.status for row in rows}


def test_the_inboxes_labels_and_agents_that_are_missing_are_made(acme: Acme):
    done = bring_in(acme, *ROWS)

    session = acme.desk.session
    assert (done.created, done.inboxes, done.agents) == (3, 1, 1)
    assert set(session.scalars(select(Inbox.name).where(Inbox.account_id == acme.account_id))) == {
        "Support", "Sales", "Repairs",
    }  # fmt: skip
    assert set(session.scalars(select(Label.title))) == {"audio", "urgent"}
    made = session.execute(
        select(User.email, User.password_hash, AccountUser.role)
        .join(AccountUser)
        .where(AccountUser.name == "Resolver 89")
    ).one()
    assert tuple(made) == (f"resolver-89@account-{acme.account_id}.invalid", None, Role.AGENT)


def test_an_agent_who_is_made_answers_the_inboxes_of_their_rows_and_nobody_else_s_place_changes(acme: Acme):
    bring_in(acme, *ROWS, "T-4,Sales,,,,,2016-03-01T08:00:00Z,2016-03-01T09:00:00Z,Dov,0\n")

    members = acme.desk.session.execute(
        select(Inbox.name, AccountUser.name)
        .join(InboxMember, InboxMember.inbox_id == Inbox.id)
        .join(AccountUser, AccountUser.user_id == InboxMember.user_id)
    )
    who = Counter((inbox, name) for inbox, name in members)
    assert who["Repairs", "Resolver 89"] == 1
    assert ("Sales", "Dov") not in who


def test_a_new_inbox_is_routed_and_one_that_was_there_keeps_what_it_had(acme: Acme):
    """E1: without a policy nothing of it would ever be given out."""
    bring_in(acme, *ROWS)
    bring_in(acme, "T-5,Workshop,,,,,2016-03-01T08:00:00Z,,,0\n")

    linked = select(Inbox.name, AssignmentPolicy.name).join(PolicyLink, PolicyLink.inbox_id == Inbox.id)
    routed = acme.desk.session.execute(
        linked.join(AssignmentPolicy, AssignmentPolicy.id == PolicyLink.assignment_policy_id).order_by(Inbox.id)
    )
    assert [tuple(row) for row in routed] == [("Repairs", "Imported inboxes"), ("Workshop", "Imported inboxes")]


def test_the_open_ones_are_assigned_in_turn_to_the_online_agents_of_their_inbox(acme: Acme):
    """E19, E26"""
    bring_in(acme, *(f"T-{n},Repairs,,,,,2016-03-01T08:00:00Z,,,0\n" for n in range(4)), *_handlers("Repairs"))
    people = acme.desk.session.execute(select(AccountUser.name, AccountUser.user_id)).all()
    ids = {row.name: row.user_id for row in people}
    acme.inboxes["Repairs"] = acme.desk.session.scalars(select(Inbox.id).where(Inbox.name == "Repairs")).one()
    acme.desk.heartbeats.beat(acme.account_id, [ids["Kay"], ids["Lou"]], NOON)

    acme.run("Repairs")

    waiting = select(Conversation.assignee_id).where(Conversation.status == Status.OPEN).order_by(Conversation.id)
    assert acme.desk.session.scalars(waiting).all() == [ids["Kay"], ids["Lou"]] * 2


def _handlers(inbox: str) -> list[str]:
    return [
        f"T-{name},{inbox},,,,,2016-03-01T08:00:00Z,2016-03-01T09:00:00Z,{name},0\n" for name in ("Kay", "Lou", "Max")
    ]


def test_what_was_resolved_comes_in_with_its_agent_and_the_rest_waits(acme: Acme, queue: Recorded):
    bring_in(acme, *ROWS)

    rows = {row.external_id: row for row in acme.desk.session.scalars(select(Conversation))}
    assert (rows["T-1"].status, rows["T-1"].assignee_id) == (Status.RESOLVED, acme.agents["Bo"])
    assert rows["T-1"].resolved_at == datetime(2016, 3, 1, 9, tzinfo=UTC)
    assert (rows["T-3"].status, rows["T-3"].assignee_id) == (Status.OPEN, None)
    assert rows["T-3"].waiting_since == rows["T-3"].created_at == datetime(2016, 3, 1, 10, tzinfo=UTC)
    assert [inbox for _, inbox, _ in queue.runs] == [rows["T-3"].inbox_id]


def test_the_ledger_agrees_with_every_assignee_and_only_what_waits_is_news(acme: Acme):
    bring_in(acme, *ROWS)

    session = acme.desk.session
    ledger = session.execute(select(Assignment.conversation_id, Assignment.agent_id, Assignment.reason)).all()
    held = session.execute(
        select(Conversation.id, Conversation.assignee_id).where(Conversation.assignee_id.is_not(None))
    )
    assert {(row.conversation_id, row.agent_id) for row in ledger} == {tuple(row) for row in held}
    assert {row.reason for row in ledger} == {"imported"}
    assert session.scalars(select(OutboxEvent.event)).all() == ["conversation_created"]


def test_as_of_now_the_latest_is_created_now_and_what_is_not_over_yet_waits(acme: Acme):
    bring_in(acme, *ROWS, as_of_now=True)

    latest = acme.desk.session.scalar(select(func.max(Conversation.created_at)))
    assert latest == NOON
    assert statuses(acme) == {"T-1": Status.RESOLVED, "T-2": Status.OPEN, "T-3": Status.OPEN}


def test_importing_the_same_file_again_changes_nothing(acme: Acme, queue: Recorded):
    bring_in(acme, *ROWS, as_of_now=True)
    before, runs = everything(acme), list(queue.runs)

    again = bring_in(acme, *ROWS, now=NOON + timedelta(days=30), as_of_now=True)

    assert again == Imported(created=0, existing=3, inboxes=0, agents=0)
    assert everything(acme) == before
    assert queue.runs == runs
    assert statuses(acme)["T-2"] is Status.OPEN


def test_two_imports_into_two_accounts_share_nothing(acme: Acme):
    bring_in(acme, *ROWS)
    globex = acme.account_id + 1

    done = imports.bring_in(acme.desk, globex, read(*ROWS).rows, now=NOON, progress=lambda _: None)

    assert done == Imported(created=3, existing=0, inboxes=2, agents=2)


def test_an_account_that_is_not_there_gets_nothing(acme: Acme):
    assert imports.bring_in(acme.desk, 999, read(*ROWS).rows, now=NOON, progress=lambda _: None) is None


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("T-1,Support,,,,9,2016-03-01T08:00:00Z,,,0\n", "priority"),
        (",Support,,,,,2016-03-01T08:00:00Z,,,0\n", "external_id"),
        ("T-1,,,,,,2016-03-01T08:00:00Z,,,0\n", "inbox"),
        ("T-1,Support,,,,,yesterday,,,0\n", "created_at"),
        ("T-1,Support,,,,,2016-03-01T08:00:00Z,2016-02-01T08:00:00Z,,0\n", "resolved_at"),
        ("T-1,Support,,\0,,,2016-03-01T08:00:00Z,,,0\n", "subject"),
        ("T-1,Support\n", "columns"),
    ],
)
def test_a_bad_row_is_named_by_its_line_and_its_field_and_spoils_no_other(row: str, why: str):
    found = read(ROWS[0], row, ROWS[1])

    assert [good.external_id for good in found.rows] == ["T-1", "T-2"]
    [bad] = found.bad
    assert bad.line == 3
    assert why in bad.message


def test_the_inbox_may_stand_in_another_column():
    found = import_rows.read(
        ["external_id,inbox,created_at,group\n", "T-1,Support,2016-03-01T08:00:00Z,Repairs\n"], inbox_column="group"
    )

    assert isinstance(found, Read)
    assert [row.inbox for row in found.rows] == ["Repairs"]


def test_a_file_without_the_columns_that_are_needed_is_refused_by_their_names():
    found = import_rows.read(["external_id,inbox\n"], inbox_column="group")

    assert isinstance(found, BadFile)
    assert "created_at" in found.sentence
    assert "group" in found.sentence
