"""What another program wrote behind the application's back harms nothing but itself (E43)."""

import pytest

from tests.faults.load import Load

pytestmark = pytest.mark.gate

# What every batch of the inbox meets: none of it is refused by the tables.
POISON = {
    "a label that is null": """INSERT INTO conversations
        (account_id, inbox_id, labels, created_at, last_activity_at, waiting_since)
        VALUES ({account}, {support}, ARRAY[NULL, 'vip'], now() - interval '1 day', now(), now())""",
    "a label of a megabyte": """INSERT INTO conversations
        (account_id, inbox_id, labels, created_at, last_activity_at, waiting_since)
        VALUES ({account}, {support}, ARRAY[repeat('x', 1000000)], now() - interval '1 day', now(), now())""",
    "the first and the last readable instant": """INSERT INTO conversations
        (account_id, inbox_id, created_at, last_activity_at, waiting_since)
        VALUES ({account}, {support}, '0002-01-01+00', '9998-12-31+00', now()),
        ({account}, {support}, '9998-12-31+00', '0002-01-01+00', '9998-12-31+00')""",
    "a presence that nobody has": """UPDATE assignment_policies
        SET eligible_presence = ARRAY['online', NULL, 'asleep'] WHERE account_id = {account}""",
    "excluded labels that are null, and the longest age": """UPDATE agent_capacity_policies
        SET excluded_labels = ARRAY[NULL, '', 'vip'], exclude_older_than_hours = 87600
        WHERE account_id = {account}""",
    "a window of a thousand days": """UPDATE assignment_policies
        SET fair_distribution_limit = 100000, fair_distribution_window = 86400000 WHERE account_id = {account}""",
    "a name that is markup": """UPDATE account_users SET name = E'<script>\\n{{{{ 7 }}}}'
        WHERE account_id = {account}""",
}


@pytest.fixture(scope="module")
def poisons() -> list[str]:
    return list(POISON.values())


def test_rows_that_nobody_could_have_written_here(load: Load, poisons: list[str]):
    """E43: one after the other, while everything goes on.

    Seen to fail with nulls kept among the labels that exclude: TypeError; and among the words of presence: 30 waited.
    """
    names = {"account": load.account_id, "support": load.inboxes["Support"]}
    for poison in poisons:
        with load.stack.beside() as postgres:
            postgres.execute(poison.format(**names).encode())
        load.runs_for(0.4)
