"""Counters outlive what they count"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MEASURES = ("assignments", "runs", "deliveries")
BUCKET = "(SELECT min(bound) FROM unnest(ARRAY[{0}, 'Infinity']::double precision[]) AS bound WHERE bound >= seconds)"
RUN_BUCKET = BUCKET.format("0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10")
WAIT_BUCKET = BUCKET.format("1, 5, 15, 60, 300, 900, 3600, 14400, 86400")
FROM_LEDGER = f"""
INSERT INTO tallies (measure, word, bucket, count, seconds)
SELECT 'assignments', source, {WAIT_BUCKET}, count(*), coalesce(sum(seconds), 0) FROM (
  SELECT source, CASE WHEN agent_id IS NOT NULL THEN greatest(extract(epoch FROM at - waiting_since), 0)::double precision END AS seconds
  FROM assignments
) ledger GROUP BY 1, 2, 3"""
FROM_RUNS = f"""
INSERT INTO tallies (measure, word, reason, bucket, count, seconds)
SELECT 'runs', outcome, reason, {RUN_BUCKET}, count(*), sum(seconds) FROM (
  SELECT outcome, reason, greatest(extract(epoch FROM finished_at - started_at), 0)::double precision AS seconds
  FROM runs WHERE finished_at IS NOT NULL
) finished GROUP BY 1, 2, 3, 4"""
FROM_DELIVERIES = """
INSERT INTO tallies (measure, word, count)
SELECT 'deliveries', status, count(*) FROM webhook_deliveries WHERE status <> 'pending' GROUP BY status"""


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "measure",
            sa.Enum(*MEASURES, name="measure", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("bucket", sa.Double(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Double(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tallies")),
    )
    op.execute("SET LOCAL statement_timeout = 0")
    for backfill in (FROM_LEDGER, FROM_RUNS, FROM_DELIVERIES):
        op.execute(backfill)
    op.create_index("ix_runs_started_at", "runs", ["started_at"])
    op.create_index("ix_outbox_events_at", "outbox_events", ["at"])
