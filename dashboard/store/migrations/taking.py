"""Takes tables from their users all at once, or none of them.

Whoever writes to several tables in another order would wait for the migration for ever, and it for them. So each
attempt waits shortly, and gives everything back before the next one.
"""

import time

from alembic import op
from sqlalchemy.exc import OperationalError

ATTEMPTS = 100
PAUSE_SECONDS = 0.1


def take(*tables: str) -> None:
    """Lock these tables until the migration's transaction ends."""
    for left in reversed(range(ATTEMPTS)):
        try:
            with op.get_bind().begin_nested():
                # Shorter than Postgres takes to call it a deadlock and end somebody else's transaction.
                op.execute("SET LOCAL lock_timeout = '500ms'")
                op.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        except OperationalError:
            if not left:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
