"""Makes values unique per account despite existing duplicates: all but the oldest row are marked as doubles.

An older release may run meanwhile: its new rows are no doubles, and a renamed row stops being one.
"""

import sqlalchemy as sa
from alembic import op

MARK = """
UPDATE {table} SET is_double = true WHERE EXISTS (
  SELECT FROM {table} older
  WHERE older.account_id = {table}.account_id AND older.{column} = {table}.{column} AND older.id < {table}.id
)"""
UNMARK = """
CREATE FUNCTION {table}_stop_being_doubles() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN NEW.is_double := false; RETURN NEW; END $$"""
TRIGGER = """
CREATE TRIGGER stop_being_doubles BEFORE UPDATE OF {column} ON {table} FOR EACH ROW
WHEN (OLD.is_double AND OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {table}_stop_being_doubles()"""


def make_unique(table: str, column: str, *, compared: str) -> None:
    """Make a column unique in each account; `compared` is the indexed expression."""
    op.add_column(table, sa.Column("is_double", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.execute(MARK.format(table=table, column=column))
    op.create_index(
        f"uq_{table}_account_id_{column}",
        table,
        ["account_id", sa.text(compared)],
        unique=True,
        postgresql_where=sa.text("NOT is_double"),
    )
    for statement in (UNMARK, TRIGGER):
        op.execute(statement.format(table=table, column=column))
