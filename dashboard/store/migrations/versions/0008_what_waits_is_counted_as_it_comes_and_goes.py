"""What waits is counted as it comes and goes"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

WAITS = "SELECT account_id, inbox_id, team_id, {0} AS change FROM {1} WHERE status = 'open' AND assignee_id IS NULL"
CAME, WENT = WAITS.format(1, "rows_after"), WAITS.format(-1, "rows_before")
AFTER, BEFORE = "NEW TABLE AS rows_after", "OLD TABLE AS rows_before"
# With an account go its conversations; nobody counts them any more.
ACCOUNT_STANDS = "EXISTS (SELECT FROM accounts WHERE accounts.id = changes.account_id)"
TRIGGERS = {
    "INSERT": (AFTER, CAME, "true"),
    "UPDATE": (f"{AFTER} {BEFORE}", f"{CAME} UNION ALL {WENT}", "true"),
    "DELETE": (BEFORE, WENT, ACCOUNT_STANDS),
}
COUNT = """
INSERT INTO waiting_counts (account_id, inbox_id, team_id, count)
SELECT account_id, inbox_id, team_id, sum(change) FROM ({changes}) AS changes WHERE {condition}
GROUP BY account_id, inbox_id, team_id HAVING sum(change) <> 0"""


def upgrade() -> None:
    op.create_table(
        "waiting_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_waiting_counts_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_counts")),
    )
    op.create_index("ix_waiting_counts_inbox_id", "waiting_counts", ["inbox_id"])
    # The triggers' lock lets nobody write until the rows that are there have been counted.
    for event, (tables, changes, condition) in TRIGGERS.items():
        name = f"count_waiting_on_{event.lower()}"
        statement = COUNT.format(changes=changes, condition=condition)
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {statement}; RETURN NULL; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON conversations REFERENCING {tables}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )
    op.execute("SET LOCAL statement_timeout = 0")
    everything = WAITS.format(1, "conversations")
    op.execute(COUNT.format(changes=everything, condition="true"))
