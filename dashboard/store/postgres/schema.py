"""The version and use of the tables: checks before a start and a restore."""

from functools import cache

from alembic.script import ScriptDirectory
from sqlalchemy import delete, text, update

from dashboard.store.core.errors import UNREACHABLE
from dashboard.store.models import Base, Invitation, User
from dashboard.store.models.base import NEW_EPOCH
from dashboard.store.postgres import database
from dashboard.store.postgres.database import NEWER, OtherTables

# Of earlier releases, too.
OURS = (*(table.name for table in Base.metadata.sorted_tables), "alembic_version", "waiting_counts", "counted_before")
THERE = text("""
SELECT relname FROM pg_class JOIN unnest(CAST(:ours AS text[])) AS name ON pg_class.oid = to_regclass(name)
WHERE relkind = 'r'
""")
# No trigger leads to these: the functions of triggers call them.
CALLED = ("target_minutes(bigint, bigint)", "renew_due_instants(bigint[])")
# A trigger goes with its table, the function that it calls does not.
FUNCTIONS = text("""
SELECT DISTINCT CAST(CAST(t.tgfoid AS regprocedure) AS text) FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgrelid IN (
  SELECT CAST(to_regclass(name) AS oid) FROM unnest(CAST(:ours AS text[])) AS name
)""")
OLDER = "The tables are {found}, and this Evenhand needs version {head}: run flask --app app migrate first."


def expect_known(url: str) -> None:
    """Raise OtherTables if the tables belong to a newer release; a database that does not answer raises nothing."""
    if (version := _version(url)) and not is_known(version):
        raise OtherTables(NEWER.format(version=version))


def expect_current(url: str) -> None:
    """Raise OtherTables if the tables belong to another release or are missing; without an answer, raise nothing."""
    expect_known(url)
    head, version = _revisions()[0], _version(url)
    if version is not None and version != head:
        found = f"of an older Evenhand (version {version})" if version else "not made yet"
        raise OtherTables(OLDER.format(found=found, head=head))


def is_known(version: str) -> bool:
    """Return True if this release can migrate tables of that version."""
    return version in _revisions()


def is_in_use(url: str) -> bool:
    """Return True if the database has an account."""
    with database.connect(url).connect() as connection:
        there = connection.scalar(text("SELECT to_regclass('accounts')"))
        return there is not None and bool(connection.scalar(text("SELECT EXISTS (SELECT FROM accounts)")))


def clear(url: str) -> None:
    """Drop our tables and their triggers' functions, and nothing else, to make room for a backup's tables."""
    with database.connect(url).begin() as connection:
        functions = connection.scalars(FUNCTIONS, {"ours": list(OURS)}).all()
        if there := connection.scalars(THERE, {"ours": list(OURS)}).all():
            connection.execute(text(f"DROP TABLE {', '.join(there)} CASCADE"))
        for function in functions:
            connection.execute(text(f"DROP FUNCTION {function}"))
        for function in CALLED:
            connection.execute(text(f"DROP FUNCTION IF EXISTS {function}"))


def settle(url: str) -> None:
    """Bring restored tables up to date, and let Postgres learn what is in them.

    Sessions and invitations end: which of them had ended since the backup, nobody knows.
    """
    database.migrate(url)
    with database.connect(url).begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(update(User).values(session_epoch=NEW_EPOCH))
        connection.execute(delete(Invitation))
        connection.execute(text("ANALYZE"))


@cache
def _revisions() -> tuple[str, ...]:
    """Return all versions of this release, the newest first."""
    return tuple(one.revision for one in ScriptDirectory.from_config(database.alembic("")).walk_revisions())


def _version(url: str) -> str | None:
    """Return the version of the tables, "" without tables, None if the database does not answer."""
    engine = database.connect(url)
    try:
        with engine.connect() as connection:
            is_there = connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL"))
            return str(connection.scalar(text("SELECT version_num FROM alembic_version")) or "") if is_there else ""
    except UNREACHABLE:
        return None
    finally:
        engine.dispose()
