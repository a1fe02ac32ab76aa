"""Alembic's connection to the database: one migration at a time, over all processes."""

from alembic import context
from sqlalchemy import Connection, NullPool, text

from dashboard import config as settings
from dashboard.store.models import Base
from dashboard.store.postgres import database

# Any fixed number: the advisory lock of migrations.
MIGRATION_LOCK = 7_046_029_254_386_353_131


def migrate_online() -> None:
    """Run the migrations on the given URL, or on the configured one."""
    url = context.config.attributes.get("url") or settings.load().database_url
    with database.connect(url, poolclass=NullPool).connect() as connection:
        connection.execute(text("SET lock_timeout = '5min'"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(text("SET lock_timeout = '30s'"))
        connection.commit()
        run(connection)


def run(connection: Connection) -> None:
    """Run the migrations on this connection, each in its own transaction, so that none holds another's locks."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


migrate_online()
