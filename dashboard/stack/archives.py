"""Backups: a consistent copy of Postgres in one file, by the programs of the embedded Postgres.

Redis is left out: all its data is rebuilt, except the rotations.
"""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dashboard import private
from dashboard.stack.postgres import PROGRAMS
from dashboard.store.postgres import schema

# The restoring user owns all restored objects.
NOBODYS = ("--no-owner", "--no-privileges")
VERSION = re.compile(r"^COPY [^\n]*alembic_version[^\n]*\n([^\n]+)\n", re.MULTILINE)


class BadArchive(Exception):
    """The reason why nothing was written or restored; the message is one sentence."""


def write(url: str, file: Path) -> None:
    """Write a backup that only its owner may read; an interrupted backup leaves no file. Raises BadArchive."""
    if file.exists():
        raise BadArchive(f"{file} exists already; nothing was written.")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(draft, "xb", opener=private.opener) as made:
            _run(["pg_dump", "--format=custom", *NOBODYS], url, stdout=made.fileno())
            os.fsync(made.fileno())
        os.link(draft, file)
        private.flush_folder(file.parent)
    except OSError as error:
        raise BadArchive(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Replace a database without accounts by a backup, and migrate its tables. Raises BadArchive."""
    version = version_of(file)
    if not schema.is_known(version):
        raise BadArchive(f"{file} has tables of version {version}, which this release does not know; use a newer one.")
    if schema.is_in_use(url):
        raise BadArchive(
            "This instance has accounts; nothing was changed. Restore into a new one: EVENHAND_INSTANCE=..."
        )
    schema.clear(url)
    _run(["pg_restore", "--single-transaction", "--exit-on-error", *NOBODYS, str(file)], url)
    schema.settle(url)


def version_of(file: Path) -> str:
    """Return the version of the tables in a backup. Raises BadArchive."""
    listed = _run(["pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file)], "")
    found = VERSION.search(listed)
    if found is None:
        raise BadArchive(f"{file} is no backup of Evenhand.")
    return found[1]


def _run(command: Sequence[str], url: str, *, stdout: int = subprocess.PIPE) -> str:
    """Run one of Postgres's programs; the password is passed by environment, so that other users cannot see it."""
    parts = urlsplit(url.replace("+psycopg", "", 1))
    plain = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    env = {**os.environ, "PGPASSWORD": unquote(parts.password)} if parts.password else None
    place = [f"--dbname={plain}"] if url else []
    program = [str(PROGRAMS / command[0]), *place, *command[1:]]
    done = subprocess.run(program, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BadArchive((done.stderr.strip().splitlines() or ["It ended without a word."])[0])
    return done.stdout or ""
