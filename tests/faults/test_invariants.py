"""The checker finds each thing that must never be: here each is made by writing behind the application's back.

Each seen to fail with its own query left out of the checker, and the desk at its limits without the gate of E14.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text

from dashboard.engine.model import Status
from dashboard.services.conversations import change
from dashboard.services.conversations.conversation_forms import ConversationChange
from tests.desks import NOON, Acme
from tests.faults import invariants

LATER = NOON + timedelta(minutes=1)
# What is done, and a word of the sentence that tells of it.
LIES = {
    "two runs gave it away": (
        """INSERT INTO assignments (account_id, conversation_id, inbox_id, agent_id, source, run_id, position, at)
        SELECT account_id, conversation_id, inbox_id, agent_id, source, run_id, position + 100, at
        FROM assignments WHERE run_id IS NOT NULL ORDER BY id LIMIT 1""",
        "which agent",
    ),
    "an assignee the ledger does not know": (
        "UPDATE conversations SET assignee_id = {Bo} WHERE assignee_id = {Ana}",
        "its ledger says",
    ),
    "a lost row": ("DELETE FROM assignments WHERE id = (SELECT min(id) FROM assignments)", "0 ledger rows"),
    "a lost event": ("DELETE FROM outbox_events WHERE id = (SELECT min(id) FROM outbox_events)", "0 assignee_changed"),
    "a second event": (
        "INSERT INTO outbox_events (account_id, event, conversation_id, run_id, body, at) "
        "SELECT account_id, event, conversation_id, run_id, body, at FROM outbox_events ORDER BY id LIMIT 1",
        "2 assignee_changed",
    ),
    "a count of what is open that is wrong": (
        """INSERT INTO open_counts (account_id, inbox_id, team_id, assignee_id, count)
        SELECT account_id, inbox_id, team_id, assignee_id, 1 FROM open_counts ORDER BY id LIMIT 1""",
        "are counted",
    ),
    "a run that counts wrong": ("UPDATE runs SET assigned_count = assigned_count + 1", "the ledger has"),
}


@pytest.fixture
def busy(acme: Acme) -> Acme:
    """Ana and Bo under every kind of limit, who were given as much as they may have, and gave some back."""
    acme.policy("Support", "Sales", fair_distribution_limit=3, fair_distribution_window=60)
    team = acme.team("Billing", "Bo", max_auto_assigned_conversations=4)
    acme.capacity("Ana", {"Support": 2}, conversation_limit=3)
    acme.online("Ana", "Bo")
    here = acme.waiting(6)
    acme.waiting(3, "Sales", team_id=team)
    acme.waiting(3, "Sales")
    acme.run()
    acme.run("Sales")
    for one in here[:2]:
        acme.work.finished(
            change.change(
                acme.work,
                acme.account_id,
                one,
                ConversationChange(status=Status.RESOLVED),
                actor_id=acme.agents["Ana"],
                now=NOON,
            )
        )
    acme.online("Ana", "Bo", at=LATER)
    acme.run(at=LATER)
    return acme


def test_a_desk_at_its_limits_holds(busy: Acme):
    """E14 to E17, E25 to E28: all that the rules allow was given, and nobody was given more."""
    given = busy.work.session.scalar(text("SELECT count(*) FROM assignments WHERE run_id IS NOT NULL"))

    assert given == 10
    invariants.check(busy.work.session)


@pytest.mark.parametrize("lie", LIES)
def test_a_record_that_contradicts_another_is_found(busy: Acme, lie: str):
    statement, word = LIES[lie]
    busy.work.session.execute(text(statement.format(**busy.agents)))
    busy.work.session.commit()

    assert any(word in sentence for sentence in invariants.broken(busy.work.session))


@pytest.mark.parametrize(
    ("part", "limit", "word"),
    [
        ("policy", "fair_distribution_limit", "'s window"),
        ("agents", "capacity", "in inbox"),
        ("agents", "total_capacity", "over all"),
        ("teams", "max_open", "as a team allows"),
    ],
)
def test_a_limit_that_was_passed_is_found(busy: Acme, part: str, limit: str, word: str):
    """What the batches read of a limit is made one less than they gave."""
    busy.work.session.execute(text(LOWER), {"part": part, "name": limit})
    busy.work.session.commit()

    found = invariants.broken(busy.work.session)
    assert found
    assert all(word in sentence for sentence in found)


LOWER = """
UPDATE run_batches SET snapshot = jsonb_set(snapshot::jsonb, ARRAY[:part, 'rows'], (
  SELECT jsonb_agg((
    SELECT jsonb_agg(CASE WHEN names.value #>> '{}' = :name AND fact.value <> 'null' AND fact.value <> '0'
      THEN to_jsonb((fact.value)::int - 1) ELSE fact.value END ORDER BY fact.ordinality)
    FROM jsonb_array_elements(row.value) WITH ORDINALITY AS fact
    JOIN jsonb_array_elements(snapshot::jsonb -> :part -> 'names') WITH ORDINALITY AS names USING (ordinality)
  )) FROM jsonb_array_elements(snapshot::jsonb -> :part -> 'rows') AS row
))::json
WHERE jsonb_array_length(snapshot::jsonb -> :part -> 'rows') > 0
"""
