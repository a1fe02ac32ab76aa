"""What is open is counted as it changes: what waits, as until now, and what each agent holds

An older release goes on beside it: the triggers stay and call what is new, readers wait for nothing, and a view has
the place of the table that the older one reads and folds. A later release drops the view.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

OPEN = "SELECT account_id, inbox_id, team_id, assignee_id, {0} AS change FROM {1} WHERE status = 'open'"
CAME, WENT = OPEN.format(1, "rows_after"), OPEN.format(-1, "rows_before")
CHANGES = {"insert": CAME, "update": f"{CAME} UNION ALL {WENT}", "delete": WENT}
COUNT = """
INSERT INTO open_counts (account_id, inbox_id, team_id, assignee_id, count)
SELECT account_id, inbox_id, team_id, assignee_id, sum(change) FROM ({changes}) AS changes
GROUP BY account_id, inbox_id, team_id, assignee_id HAVING sum(change) <> 0"""


def upgrade() -> None:
    # Who writes waits until all that is there has been counted.
    op.execute("LOCK TABLE conversations IN SHARE ROW EXCLUSIVE MODE")
    # Without a foreign key: to ask for the account of each row was half of what counting costs. Those of an account
    # that goes add up to nothing.
    op.create_table(
        "open_counts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("assignee_id", sa.BigInteger(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_counts")),
    )
    op.create_index(
        "ix_open_counts_account_id_assignee_id_inbox_id", "open_counts", ["account_id", "assignee_id", "inbox_id"]
    )
    op.execute("SET LOCAL statement_timeout = 0")
    op.execute(COUNT.format(changes=OPEN.format(1, "conversations")))
    # The triggers keep their names: to give them others takes the table away from readers.
    for event, changes in CHANGES.items():
        statement = COUNT.format(changes=changes)
        op.execute(
            f"CREATE OR REPLACE FUNCTION count_waiting_on_{event}() RETURNS trigger LANGUAGE plpgsql"
            f" AS $$ BEGIN {statement}; RETURN NULL; END $$"
        )
    op.rename_table("waiting_counts", "counted_before")
    op.execute(
        "CREATE VIEW waiting_counts AS SELECT id, account_id, inbox_id, team_id, count"
        " FROM open_counts WHERE assignee_id IS NULL"
    )
