"""Records of changed conversations: with the present row they rebuild every state before."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from dashboard.engine.model import Awaiting, Status
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations import labels
from dashboard.services.conversations.conversation_forms import ConversationChange as Wanted
from dashboard.services.conversations.conversation_forms import Message, MessageType
from dashboard.services.inboxes import teams
from dashboard.services.inboxes.inbox_forms import NewLabel
from dashboard.services.operations import retention
from dashboard.store.conversations import conversations
from dashboard.store.models import Conversation, ConversationRecord
from tests.desks import NOON, Acme
from tests.handling import change, write

MINUTE = timedelta(minutes=1)
Row = tuple[str, Any, Any, int | None]


def rows(acme: Acme, conversation_id: int) -> list[Row]:
    """Return what changed, from what to what, and who did it."""
    found = acme.work.session.scalars(
        select(ConversationRecord)
        .where(ConversationRecord.conversation_id == conversation_id)
        .order_by(ConversationRecord.id)
    )
    return [(one.what, one.before, one.after, one.actor_id) for one in found]


def test_each_changed_field_is_a_row_with_its_actor(acme: Acme) -> None:
    """T2"""
    [one], ana = acme.waiting(1), acme.agents["Ana"]
    team_id = acme.team("Billing", "Ana")

    change(acme, one, priority=2, labels=("tax", "vat"), team_id=team_id, required_skills=("french",))
    change(acme, one, status=Status.PENDING, inbox_id=acme.sales)

    assert sorted(rows(acme, one)[:4], key=lambda row: row[0]) == [
        ("labels", [], ["tax", "vat"], ana),
        ("priority", None, 2, ana),
        ("skills", [], ["french"], ana),
        ("team", None, team_id, ana),
    ]
    assert sorted(rows(acme, one)[4:], key=lambda row: row[0]) == [
        ("inbox", acme.support, acme.sales, ana),
        ("status", "open", "pending", ana),
    ]


def test_the_turn_of_customer_and_agent_is_recorded_and_an_equal_one_is_not(acme: Acme) -> None:
    """T2"""
    [one] = acme.held("Ana", 1)

    for kind in (MessageType.OUTGOING, MessageType.OUTGOING, MessageType.INCOMING):
        write(acme, one, kind)

    assert rows(acme, one) == [("awaiting", "agent", "customer", None), ("awaiting", "customer", "agent", None)]


def test_an_agent_alone_is_in_the_ledger_and_not_here(acme: Acme) -> None:
    """T2"""
    [one] = acme.waiting(1)

    change(acme, one, assignee_id=acme.agents["Bo"])

    assert rows(acme, one) == []


def test_a_renamed_label_and_a_deleted_team_are_changes_of_their_conversations(acme: Acme) -> None:
    """T2"""
    team_id, actor = acme.team("Billing", "Ana"), {"actor_id": acme.agents["Ana"], "now": NOON}
    [one, other] = acme.waiting(2, labels=["tax", "old"], team_id=team_id)
    label = labels.create(acme.work, acme.account_id, NewLabel(title="old"), **actor)

    labels.change(acme.work, acme.account_id, label.id, NewLabel(title="tax"), **actor)
    teams.remove(acme.work, acme.account_id, team_id, **actor)
    acme.work.finish()

    for conversation_id in (one, other):
        assert rows(acme, conversation_id) == [
            ("labels", ["tax", "old"], ["tax"], actor["actor_id"]),
            ("team", team_id, None, actor["actor_id"]),
        ]


def test_a_change_that_is_taken_back_leaves_no_row(acme: Acme) -> None:
    """T2: the row is of the same transaction."""
    [one] = acme.waiting(1)

    change_conversation.change(acme.work, acme.account_id, one, Wanted(priority=1), actor_id=None, now=NOON)
    acme.work.abandon()

    assert rows(acme, one) == []


@dataclass(frozen=True, slots=True)
class State:
    """What the records are about."""

    status: str
    inbox: int
    team: int | None
    labels: tuple[str, ...]
    priority: int | None
    skills: tuple[str, ...]
    awaiting: str | None


def present(acme: Acme, conversation_id: int) -> State:
    row = conversations.get(acme.work.session, acme.account_id, conversation_id)
    return State(row.status, row.inbox_id, row.team_id, row.labels, row.priority, row.required_skills, row.awaiting)


def rebuilt(acme: Acme, conversation_id: int, at: datetime) -> State:
    """Return the state at an instant: the present one, with all later changes taken back, the last one first."""
    later = acme.work.session.scalars(
        select(ConversationRecord)
        .where(ConversationRecord.conversation_id == conversation_id, ConversationRecord.at > at)
        .order_by(ConversationRecord.id.desc())
    )
    now = present(acme, conversation_id)
    values = {name: getattr(now, name) for name in State.__slots__}
    for one in later:
        values[one.what] = tuple(one.before) if isinstance(one.before, list) else one.before
    return State(**values)


def one_change(acme: Acme, conversation_id: int, dice: random.Random, now: datetime) -> None:
    if dice.random() < 0.3:
        said = Message(message_type=dice.choice([MessageType.INCOMING, MessageType.OUTGOING]))
        change_conversation.message(acme.work, acme.account_id, conversation_id, said, actor_id=None, now=now)
        return
    field, values = dice.choice([
        ("status", [*Status]),
        ("inbox_id", [acme.support, acme.sales]),
        ("team_id", [None, acme.teams["Billing"]]),
        ("labels", [(), ("tax",), ("tax", "vat")]),
        ("priority", [None, 1, 4]),
        ("required_skills", [(), ("french",)]),
    ])  # fmt: skip
    wanted = Wanted(**{field: dice.choice(values)})
    change_conversation.change(acme.work, acme.account_id, conversation_id, wanted, actor_id=None, now=now)


def test_a_random_day_is_rebuilt_from_the_records(acme: Acme) -> None:
    """T2"""
    dice, ids = random.Random(7), acme.waiting(5)
    acme.team("Billing", "Ana")
    seen: list[tuple[datetime, dict[int, State]]] = []
    for minute in range(120):
        now = NOON + minute * MINUTE
        one_change(acme, dice.choice(ids), dice, now)
        acme.work.finish()
        seen.append((now, {one: present(acme, one) for one in ids}))

    assert all(rebuilt(acme, one, now) == state for now, states in seen for one, state in states.items())
    assert len({state for _, states in seen for state in states.values()}) > 50


def test_old_rows_go_with_the_runs(acme: Acme) -> None:
    """T2, T4"""
    [one] = acme.waiting(1)
    change(acme, one, priority=1)
    days = acme.work.settings.run_retention_days

    kept = retention.remove_old(acme.work, now=NOON + timedelta(days=days))
    removed = retention.remove_old(acme.work, now=NOON + timedelta(days=days + 1))

    assert (kept.conversation_changes, removed.conversation_changes) == (0, 1)


def test_a_conversation_that_is_awaited_from_its_beginning_has_no_row(acme: Acme) -> None:
    """T2: its first state follows from the later changes."""
    acme.waiting(3)

    assert acme.work.session.scalar(select(func.count()).select_from(ConversationRecord)) == 0
    assert set(acme.work.session.scalars(select(Conversation.awaiting))) == {Awaiting.AGENT}
