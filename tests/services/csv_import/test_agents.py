"""Agents of a file: found by address or name, made only where nobody fits."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from dashboard.engine.model import Role, Status
from dashboard.store.models import AccountUser, Conversation, InboxMember, User
from tests import importing
from tests.desks import Acme, add_user
from tests.importing import Done, written

OPEN, ENDED = "", "2026-03-01T09:00:00Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agents.csv"


def bring_in(acme: Acme, path: Path, *handlers: str, end: str = ENDED) -> Done:
    rows = "".join(f'T-{number},Support,2026-03-01T08:00:00Z,{end},"{who}"\n' for number, who in enumerate(handlers))
    return importing.bring_in(acme, written(path, f"external_id,inbox,created_at,resolved_at,handled_by\n{rows}"))


def had(acme: Acme) -> list[int | None]:
    """Return who has each conversation, in the order of the file."""
    return list(acme.work.session.scalars(select(Conversation.assignee_id).order_by(Conversation.external_id)))


def people(acme: Acme) -> int:
    counted = select(func.count()).select_from(AccountUser).where(AccountUser.account_id == acme.account_id)
    return acme.work.session.scalar(counted) or 0


def another_bo(acme: Acme, **facts: object) -> None:
    acme.agents["Bo 2"] = add_user(acme.work.session, acme.account_id, "Bo-2")
    acme.change_agent("Bo 2", name="bo", **facts)


def test_an_address_finds_its_agent_in_any_case_and_a_name_without_case_and_outer_spaces(acme: Acme, path: Path):
    """Seen to fail: an agent was made of each, who was a member, never online, and got the work."""
    before, bo = people(acme), acme.agents["Bo"]
    address = f"bo@{acme.account_id}.example"

    done = bring_in(acme, path, address, address.upper(), "Bo", "BO", " bo ", "b\u200bo")

    assert had(acme) == [bo] * 6
    assert (people(acme), done.report.agents) == (before, 0)


def test_an_agent_is_made_once_where_nobody_fits(acme: Acme, path: Path):
    done = bring_in(acme, path, "Nora Quill", "nora quill", "NORA  QUILL", "new@acme.example", "New@Acme.example")

    made = acme.work.session.execute(
        select(AccountUser.email, User.password_hash, AccountUser.name, AccountUser.role)
        .join(AccountUser, AccountUser.user_id == User.id)
        .where(AccountUser.user_id.in_(had(acme)))
        .order_by(AccountUser.email)
    )
    assert [tuple(row) for row in made] == [
        ("new@acme.example", None, "new", Role.AGENT),
        (f"nora-quill@account-{acme.account_id}.invalid", None, "Nora Quill", Role.AGENT),
    ]
    assert (len(set(had(acme))), done.report.agents) == (2, 2)


def test_an_agent_who_was_made_by_an_import_and_renamed_since_is_not_made_again(acme: Acme, path: Path):
    bring_in(acme, path, "Resolver 89")
    acme.work.session.execute(update(AccountUser).where(AccountUser.name == "Resolver 89").values(name="Maria"))
    acme.work.session.commit()

    rows = written(path, "external_id,inbox,created_at,handled_by\nT-9,Support,2026-03-01T08:00:00Z,resolver 89\n")
    done = importing.bring_in(acme, rows)

    assert done.report.agents == 0
    assert had(acme)[0] == had(acme)[1]


def test_a_name_of_several_agents_is_told_of_and_nobody_gets_the_row(acme: Acme, path: Path):
    """Seen to fail: the oldest got it."""
    another_bo(acme)

    done = bring_in(acme, path, "Bo", f"bo@{acme.account_id}.example", end=OPEN)

    assert had(acme) == [None, acme.agents["Bo"]]
    assert done.notes == {"handled_by_ambiguous": 1}
    assert done.report.waiting.total() == 1


def test_of_two_agents_of_one_name_the_active_one_is_meant(acme: Acme, path: Path):
    another_bo(acme, active=False)

    done = bring_in(acme, path, "Bo")

    assert had(acme) == [acme.agents["Bo"]]
    assert done.notes == {}


def test_a_deactivated_agent_keeps_what_they_resolved_and_gets_nothing_that_is_open(acme: Acme, path: Path):
    """E31"""
    acme.change_agent("Bo", active=False)
    resolved = bring_in(acme, path, "Bo")
    assert (had(acme), resolved.notes) == ([acme.agents["Bo"]], {})

    rows = written(path, "external_id,inbox,created_at,handled_by\nT-9,Support,2026-03-01T08:00:00Z,Bo\n")
    done = importing.bring_in(acme, rows)

    assert had(acme) == [acme.agents["Bo"], None]
    assert done.notes == {"handled_by_deactivated": 1}
    open_one = acme.work.session.scalars(select(Conversation).where(Conversation.status == Status.OPEN)).one()
    assert open_one.waiting_since is not None


def test_a_deactivated_agent_becomes_no_member(acme: Acme, path: Path):
    acme.change_agent("Bo", active=False)

    importing.bring_in(
        acme, written(path, f"external_id,inbox,created_at,resolved_at,handled_by\nT-1,New,2026-03-01,{ENDED},Bo\n")
    )

    members = select(InboxMember.inbox_id).where(InboxMember.user_id == acme.agents["Bo"])
    assert set(acme.work.session.scalars(members)) == {acme.support, acme.sales}


def test_an_agent_of_another_account_is_not_found_by_name(acme: Acme, path: Path):
    bring_in(acme, path, "Sid")

    assert had(acme) != [acme.stranger_id]
