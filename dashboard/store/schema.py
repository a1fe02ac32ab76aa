"""Which version of the tables there is, and whether anything is in them: what a restore asks first."""

from alembic.script import ScriptDirectory
from sqlalchemy import text

from dashboard.store import database
from dashboard.store.models import Base

# Of earlier releases, too.
OURS = (*(table.name for table in Base.metadata.sorted_tables), "alembic_version", "waiting_counts", "counted_before")
THERE = text("""
SELECT relname FROM pg_class JOIN unnest(CAST(:ours AS text[])) AS name ON pg_class.oid = to_regclass(name)
WHERE relkind = 'r'
""")
# A trigger goes with its table, the function that it calls does not.
FUNCTIONS = text("""
SELECT DISTINCT CAST(CAST(t.tgfoid AS regprocedure) AS text) FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgrelid IN (
  SELECT CAST(to_regclass(name) AS oid) FROM unnest(CAST(:ours AS text[])) AS name
)""")


def is_known(version: str) -> bool:
    """Say whether this release can bring tables of that version up to date."""
    return version in {one.revision for one in ScriptDirectory.from_config(database.alembic("")).walk_revisions()}


def is_in_use(url: str) -> bool:
    """Say whether somebody has an account here."""
    with database.connect(url).connect() as connection:
        there = connection.scalar(text("SELECT to_regclass('accounts')"))
        return there is not None and bool(connection.scalar(text("SELECT EXISTS (SELECT FROM accounts)")))


def clear(url: str) -> None:
    """Remove our tables, with what their triggers call, and nothing else: those of a backup can take their place."""
    with database.connect(url).begin() as connection:
        functions = connection.scalars(FUNCTIONS, {"ours": list(OURS)}).all()
        if there := connection.scalars(THERE, {"ours": list(OURS)}).all():
            connection.execute(text(f"DROP TABLE {', '.join(there)} CASCADE"))
        for function in functions:
            connection.execute(text(f"DROP FUNCTION {function}"))


def settle(url: str) -> None:
    """Bring restored tables up to date, and let Postgres learn what is in them."""
    database.migrate(url)
    with database.connect(url).begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("ANALYZE"))
