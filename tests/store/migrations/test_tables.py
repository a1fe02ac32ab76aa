"""The tables: as the migrations make them, and of one account each."""

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from dashboard.store.models import Base
from dashboard.store.postgres import database
from tests.desks import NOON, Acme

WITHOUT_ACCOUNT = {"accounts", "ended_sessions", "simulator_checks", "users", "tallies"}
# Written by triggers alone, from rows whose own keys have been asked about.
OF_TRIGGERS = {"open_counts"}


def test_models_and_migrations_agree(database_url):
    command.check(database.alembic(database_url))


def test_migrating_again_changes_nothing(database_url):
    database.migrate(database_url)


@pytest.mark.parametrize("table", [t for t in Base.metadata.sorted_tables if t.name not in WITHOUT_ACCOUNT], ids=str)
def test_every_table_has_its_account(table):
    assert not table.c.account_id.nullable
    assert table.name in OF_TRIGGERS or any(
        key.column.table.name == "accounts" for key in table.c.account_id.foreign_keys
    )


def test_what_waits_and_what_is_held_have_their_partial_indexes(session):
    found = {index["name"]: index for index in inspect(session.connection()).get_indexes("conversations")}

    for name in ("waiting_by_created", "waiting_by_activity", "waiting_by_team", "load", "held"):
        assert "WHERE" in session.scalar(
            text("SELECT indexdef FROM pg_indexes WHERE indexname = :name"), {"name": f"ix_conversations_{name}"}
        ), found


@pytest.mark.parametrize("column", ["inbox_id", "team_id", "contact_id", "assignee_id"])
def test_a_conversation_cannot_point_into_another_account(acme: Acme, column):
    """Nothing ever crosses from one account to another."""
    stranger = {"inbox_id": acme.stranger_inbox_id, "assignee_id": acme.stranger_id}.get(column, 404)
    facts = {column: stranger}
    if column == "assignee_id":
        facts |= {"assigned_at": NOON, "waiting_since": None}

    with pytest.raises(IntegrityError):
        acme.waiting(1, **facts)
    acme.work.session.rollback()
