"""A large account, made by set-based SQL in seconds: everything that a page can show, in an empty database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta

from sqlalchemy import text

from dashboard import clock
from dashboard.config import Settings
from dashboard.engine.decisions import Source
from dashboard.services.assignment import run
from dashboard.services.assignment.run import RunRequest
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.reports import rollups
from dashboard.store.assignment import fair_shares
from dashboard.store.redis.rate_limits import LimitQuery
from tests.benchmarks.bench import Bench
from tests.benchmarks.bench import work as desk_of

ACCOUNT = 1
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is of everything; ids count from 1. User `agents` + 1 is the supervisor."""

    agents: int = 1_000
    inboxes: int = 50
    teams: int = 20
    policies: int = 20
    labels: int = 200
    contacts: int = 50_000
    held: int = 80_000
    waiting: int = 20_000
    resolved: int = 100_000
    ledger: int = 1_000_000
    runs: int = 10_000
    records: int = 10_000

    @property
    def supervisor(self) -> int:
        """Return who may see all of it."""
        return self.agents + 1


# Agent a answers two inboxes; what they hold is in one of the two, and its last row in the ledger names them.
DESK = """
INSERT INTO accounts (name, stranded_checked_at) VALUES ('Large', :now);
INSERT INTO users (session_epoch) SELECT 0 FROM generate_series(1, :agents + 1) n;
INSERT INTO agent_capacity_policies (account_id, name, conversation_limit, excluded_labels, exclude_older_than_hours)
  SELECT 1, 'Limits ' || n, 100 + n, ARRAY['label ' || n], 1000 + n FROM generate_series(1, :policies) n;
INSERT INTO account_users
  (account_id, user_id, log_in_id, name, email, role, availability, auto_offline, agent_capacity_policy_id)
  SELECT 1, n, n, 'Agent ' || n, 'user' || n || '@large.example', 'agent',
    CASE n / :inboxes % 10 WHEN 5 THEN 'busy' WHEN 6 THEN 'away_manual' ELSE 'online' END, n % 5 > 0,
    (n - 1) % :policies + 1
  FROM generate_series(1, :agents) n;
INSERT INTO account_users (account_id, user_id, log_in_id, name, email, role)
  VALUES (1, :agents + 1, :agents + 1, 'Mara', 'mara@large.example', 'administrator');
INSERT INTO inboxes (account_id, name, channel) SELECT 1, 'Inbox ' || n, 'email' FROM generate_series(1, :inboxes) n;
INSERT INTO inbox_members (account_id, inbox_id, user_id)
  SELECT 1, (a - 1) % :inboxes + 1, a FROM generate_series(1, :agents) a
  UNION SELECT 1, (a * 7 - 1) % :inboxes + 1, a FROM generate_series(1, :agents) a;
INSERT INTO teams (account_id, name) SELECT 1, 'Team ' || n FROM generate_series(1, :teams) n;
INSERT INTO team_members (account_id, team_id, user_id)
  SELECT 1, (a - 1) % :teams + 1, a FROM generate_series(1, :agents) a;
INSERT INTO assignment_policies (account_id, name, fair_distribution_limit, assignment_order)
  SELECT 1, 'Policy ' || n, 100, CASE n % 2 WHEN 0 THEN 'balanced' ELSE 'round_robin' END
  FROM generate_series(1, :policies) n;
INSERT INTO inbox_assignment_policies (account_id, inbox_id, assignment_policy_id)
  SELECT 1, n, (n - 1) % :policies + 1 FROM generate_series(1, :inboxes) n;
INSERT INTO inbox_capacity_limits (account_id, agent_capacity_policy_id, inbox_id, conversation_limit)
  SELECT 1, p, i, 30 + p FROM generate_series(1, :policies) p, generate_series(1, :inboxes) i;
INSERT INTO labels (account_id, title) SELECT 1, 'label ' || n FROM generate_series(1, :labels) n;
INSERT INTO contacts (account_id, identifier, name)
  SELECT 1, 'caller-' || n, 'Customer ' || n FROM generate_series(1, :contacts) n;
"""
CONVERSATIONS = """
WITH made AS (
  SELECT n, n > :held AND n <= :held + :waiting AS waits, n > :held + :waiting AS done, (n - 1) % :agents + 1 AS agent,
    :now - (n % 500) * interval '7 minutes' - n * interval '1 millisecond' AS at
  FROM generate_series(1, :held + :waiting + :resolved) n
)
INSERT INTO conversations (account_id, inbox_id, team_id, contact_id, external_id, subject, status, priority,
  assignee_id, assigned_by_engine, labels, created_at, last_activity_at, waiting_since, assigned_at, resolved_at)
SELECT 1, CASE (n / :agents) % 2 WHEN 0 THEN (agent - 1) % :inboxes ELSE (agent * 7 - 1) % :inboxes END + 1,
  CASE WHEN n % 10 = 0 THEN n / 10 % :teams + 1 END, n % :contacts + 1, 'case-' || n,
  (ARRAY['I cannot log in since', 'Refund for order', 'Where is my parcel', 'The invoice is wrong:'])[n % 4 + 1]
    || ' ' || n,
  CASE WHEN done THEN 'resolved' ELSE 'open' END, n % 4 + 1,
  CASE WHEN NOT waits THEN agent END, NOT waits, ARRAY['label ' || n % :labels + 1], at, at,
  CASE WHEN waits THEN at END, CASE WHEN NOT waits THEN at END, CASE WHEN done THEN :now END
FROM made;
INSERT INTO open_counts (account_id, inbox_id, team_id, assignee_id, count)
  SELECT account_id, inbox_id, team_id, assignee_id, count(*) FROM conversations WHERE status = 'open'
  GROUP BY 1, 2, 3, 4;
"""
# The first run is the engine's own, and the newest others keep its snapshot, so that a run's page has one to show.
RUNS = """
INSERT INTO runs (account_id, inbox_id, source, started_at, finished_at, outcome, reason, waiting_before,
  assigned_count, left_waiting)
  SELECT 1, n % :inboxes + 1, 'realtime', :now - n * interval '4 minutes', :now - n * interval '4 minutes', 'assigned',
    NULL, 400, 80, '{"all_at_capacity": 320}'
  FROM generate_series(:runs, 2, -1) n;
INSERT INTO run_batches (account_id, run_id, number, planned_at, first_position, snapshot)
  SELECT 1, r.id, b.number, r.started_at, b.first_position, b.snapshot
  FROM runs r, run_batches b WHERE b.run_id = 1 AND r.id > GREATEST(1, :runs - 500);
"""
LEDGER = """
WITH made AS (
  SELECT n, (n - 1) % (:held + :waiting + :resolved) + 1 AS conversation, n % 5 > 0 AND :runs > 1 AS by_run,
    :now - (:ledger - n) * interval '2600 milliseconds' AS at
  FROM generate_series(1, :ledger) n
)
INSERT INTO assignments (account_id, conversation_id, inbox_id, agent_id, source, run_id, position, policy_id,
  policy_version, actor_id, waiting_since, at)
SELECT 1, m.conversation, c.inbox_id, (m.conversation - 1) % :agents + 1,
  CASE WHEN by_run THEN 'realtime' ELSE 'by_hand' END, CASE WHEN by_run THEN n % (:runs - 1) + 2 END,
  CASE WHEN by_run THEN n / (:runs - 1) + 1 END, CASE WHEN by_run THEN (c.inbox_id - 1) % :policies + 1 END, 1,
  CASE WHEN NOT by_run THEN :agents + 1 END,
  m.at - exp(n % 1000 * 919 % 1000 / CAST(87 AS real)) * interval '1 second', m.at
FROM made m JOIN conversations c ON c.id = m.conversation;
"""
RECORDS = """
INSERT INTO assignment_policy_versions (account_id, policy_id, version, rules)
  SELECT 1, id, 1, to_jsonb(p) FROM assignment_policies p;
INSERT INTO audit_entries (account_id, actor_id, action, subject, subject_id, before, after, at)
  SELECT 1, :agents + 1, 'update', 'assignment_policy', n % :policies + 1, '{"fair_distribution_limit": 90}',
    '{"fair_distribution_limit": 100}', :now - n * interval '1 minute'
  FROM generate_series(:records, 1, -1) n;
INSERT INTO webhooks (account_id, url, subscriptions, secret)
  SELECT 1, 'https://listener-' || n || '.example/hook', ARRAY['assignee_changed'], 'secret'
  FROM generate_series(1, 3) n;
INSERT INTO outbox_events (account_id, event, conversation_id, body, at, dispatched_at)
  SELECT 1, 'assignee_changed', n % :held + 1, '{"event": "assignee_changed"}', :now - n * interval '10 seconds', :now
  FROM generate_series(1, :records) n;
INSERT INTO webhook_deliveries (id, account_id, webhook_id, event_id, conversation_id, status, attempts, give_up_at,
  delivered_at)
  SELECT gen_random_uuid(), 1, id % 3 + 1, id, conversation_id, 'delivered', 1, :now, :now FROM outbox_events
  WHERE dispatched_at IS NOT NULL AND id <= :records;
INSERT INTO api_tokens (account_id, user_id, name, token_hash)
  SELECT 1, n, 'token ' || n, md5(n::text) FROM generate_series(1, :agents) n WHERE n % 10 = 1;
INSERT INTO tallies (measure, word, count) VALUES ('assignments', 'realtime', :ledger);
"""


@contextmanager
def account(bench: Bench) -> Iterator[Settings]:
    """Yield settings with the account in a database of its own, which is filled once."""
    with desk_of(bench.once("large", lambda settings: _filled(settings, Size()))) as work:
        gather(work, Size())
        yield work.settings


def fill(work: UnitOfWork, size: Size) -> None:
    """Make the account, its past and its present."""
    facts = {**asdict(size), "now": clock.now()}
    for part in (DESK, CONVERSATIONS):
        _run(work, part, facts)
    gather(work, size)
    run.run_inbox(work, ACCOUNT, 1, request=RunRequest(source=Source.MANUAL))
    for part in (RUNS, LEDGER, RECORDS):
        _run(work, part, facts)
    rollups.sum_ledger(work, now=clock.now())
    gather(work, size)
    # What autovacuum would have done by the time that there is so much.
    engine = work.session.get_bind().engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def gather(work: UnitOfWork, size: Size) -> None:
    """Tell Redis that seven of ten agents are there, and what everybody was given, as if each inbox had had a run."""
    now, everybody = clock.now(), range(1, size.agents + 1)
    there = [agent for agent in everybody if agent // size.inboxes % 10 < 7]
    # A heartbeat of tomorrow lasts as long as any benchmark.
    work.heartbeats.beat(ACCOUNT, there, now + timedelta(days=1))
    shares = [LimitQuery(inbox_id=i, agent_ids=everybody, limit=100, window=HOUR) for i in range(1, size.inboxes + 1)]
    fair_shares.recent(work.session, work.limits, shares, account_id=ACCOUNT, now=now, hold=True)
    work.session.rollback()


def _filled(settings: Settings, size: Size) -> None:
    with desk_of(settings) as work:
        fill(work, size)


def _run(work: UnitOfWork, statements: str, facts: dict[str, object]) -> None:
    """Write rows that are right by their making, without triggers: to check each key of a million takes minutes."""
    work.session.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in statements.split(";\n"):
        if statement.strip():
            work.session.execute(text(statement), facts)
    work.session.commit()
