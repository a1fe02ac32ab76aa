"""Numbers of open conversations by inbox, team and assignee: triggers insert small rows of changes.

The sums are exact at every moment, after every kind of write, and no transaction waits for a shared row. Reading
costs time in proportion to the rows since the last compaction. Counting the conversations themselves took 20 ms at
best for 200,000 waiting ones, and 4 ms for a hundred agents with 200 each.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import text

from dashboard.store.postgres.bulk import bind_array
from dashboard.store.postgres.database import Session

# Separate from the inboxes' locks (store/postgres/locks.py): one key per account for compaction, which never waits; one
# for recounts.
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
# The lock keeps two compactions apart; rows of unfinished transactions are left for the next one. It compacts the whole
# account or nothing: a selective join took 300 ms for 1,100 rows (the planner estimated 12).
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
# One statement compares rows and counters at one moment; later changes add to both.
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
    """Return the number of waiting conversations of an inbox by team; None means no team."""
    rows = session.execute(WAITING, {"account_id": account_id, "inbox_id": inbox_id}).all()
    return dict(map(tuple, rows))


def held(session: Session, account_id: int, agent_ids: Collection[int]) -> Mapping[int, Mapping[int, int]]:
    """Return the number of each agent's open conversations, by inbox."""
    found: dict[int, dict[int, int]] = defaultdict(dict)
    if agent_ids:
        rows = session.execute(HELD, {"account_id": account_id, "agent_ids": bind_array(agent_ids)}).all()
        for agent_id, inbox_id, count in rows:
            found[agent_id][inbox_id] = count
    return found


def compact(session: Session, account_id: int) -> None:
    """Merge an account's rows by key if that halves them; do nothing while another transaction does so.

    Concurrent readers see the old rows or the merged ones, with equal sums.
    """
    session.execute(FOLD, {"account_id": account_id, "key": FOLD_LOCKS + account_id})


def recount(session: Session) -> Sequence[tuple[int, int]]:
    """Correct the counters after changes that bypassed the triggers; return the pairs of account and inbox."""
    session.execute(ONE_MENDS, {"key": FOLD_LOCKS})  # two recounts at once would each add the difference
    return [(row.account_id, row.inbox_id) for row in session.execute(MEND)]


def needs_compaction(session: Session) -> Sequence[int]:
    """Return the accounts with twice as many rows as keys or more, which a compaction would halve."""
    return session.scalars(SCATTERED).all()
