"""How much is open, waiting or with an agent, counted as it changes: every statement adds small rows, by a trigger.

Exact at every moment, whoever wrote; nobody waits for a shared row; reading costs as much as was added since the last
fold. Counting 200,000 that wait in the table itself took 20 ms at best; what a hundred agents hold, 200 each, 4 ms.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import text

from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# Beside the inboxes' locks (store/locks.py): by account, for folds, which never wait; and one for who mends.
FOLD_LOCKS = 0x0C07 << 48

WAITING = text("""
SELECT team_id, CAST(sum(count) AS bigint) FROM open_counts
WHERE account_id = :account_id AND assignee_id IS NULL AND inbox_id = :inbox_id
GROUP BY team_id HAVING sum(count) <> 0
""")
HELD = text("""
SELECT assignee_id, inbox_id, CAST(sum(count) AS bigint) FROM open_counts
WHERE account_id = :account_id AND assignee_id = ANY(CAST(:agent_ids AS bigint[]))
GROUP BY assignee_id, inbox_id HAVING sum(count) <> 0
""")
# Who folds takes no rows from under another who does; what a transaction under way has added is left for the next one.
# All of an account or nothing: to join the rows with those that have others like them took Postgres, which thought of
# a dozen, 300 ms for 1,100.
FOLD = text("""
WITH alone AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(:key) AS granted), taken AS (
  DELETE FROM open_counts WHERE account_id = :account_id AND (SELECT granted FROM alone) AND (
    SELECT sum(alike) >= 2 * count(*) FROM (
      SELECT count(*) AS alike FROM open_counts WHERE account_id = :account_id
      GROUP BY inbox_id, team_id, assignee_id
    ) AS kinds
  ) RETURNING *
)
INSERT INTO open_counts (account_id, inbox_id, team_id, assignee_id, count)
SELECT account_id, inbox_id, team_id, assignee_id, sum(count) FROM taken
GROUP BY account_id, inbox_id, team_id, assignee_id HAVING sum(count) <> 0
""")
ONE_MENDS = text("SELECT pg_advisory_xact_lock(:key)")
# One statement sees what is there and what is counted at one moment; what comes meanwhile adds up with it.
MEND = text("""
WITH missing AS (
  SELECT account_id, inbox_id, team_id, assignee_id, sum(change) AS count FROM (
    SELECT account_id, inbox_id, team_id, assignee_id, 1 AS change FROM conversations WHERE status = 'open'
    UNION ALL SELECT account_id, inbox_id, team_id, assignee_id, -count FROM open_counts
  ) AS changes
  GROUP BY account_id, inbox_id, team_id, assignee_id HAVING sum(change) <> 0
), mended AS (
  INSERT INTO open_counts (account_id, inbox_id, team_id, assignee_id, count) SELECT * FROM missing
)
SELECT DISTINCT account_id, inbox_id FROM missing ORDER BY account_id, inbox_id
""")
SCATTERED = text("""
SELECT account_id FROM (
  SELECT account_id, count(*) AS alike FROM open_counts GROUP BY account_id, inbox_id, team_id, assignee_id
) AS kinds GROUP BY account_id HAVING sum(alike) >= 2 * count(*) ORDER BY account_id
""")


def waiting(session: Session, account_id: int, inbox_id: int) -> Mapping[int | None, int]:
    """Return how many wait in an inbox by team, None being no team."""
    rows = session.execute(WAITING, {"account_id": account_id, "inbox_id": inbox_id}).all()
    return dict(map(tuple, rows))


def held(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, Mapping[int, int]]:
    """Return how many open conversations each of these agents holds, by inbox."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    if agent_ids:
        rows = session.execute(HELD, {"account_id": account_id, "agent_ids": bind_array(agent_ids)}).all()
        for agent_id, inbox_id, count in rows:
            found[agent_id][inbox_id] = count
    return found


def compact(session: Session, account_id: int) -> None:
    """Make one row of those that count the same, where that halves an account's, unless somebody does.

    Who reads meanwhile sees either.
    """
    session.execute(FOLD, {"account_id": account_id, "key": FOLD_LOCKS + account_id})


def recount(session: Session) -> Sequence[tuple[int, int]]:
    """Count what was changed past the triggers; return where that was, by account and inbox."""
    session.execute(ONE_MENDS, {"key": FOLD_LOCKS})  # two at once would each add what is missing
    return [(row.account_id, row.inbox_id) for row in session.execute(MEND)]


def needs_compaction(session: Session) -> Sequence[int]:
    """Return the accounts whose rows a fold would halve."""
    return session.scalars(SCATTERED).all()
