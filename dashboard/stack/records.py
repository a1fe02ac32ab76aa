"""What a keeper tells the users of its server."""

import json
import os
from dataclasses import asdict, dataclass

from dashboard.stack.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One keeper, and the server it runs now: no process while it starts, and why when it gave up."""

    keeper: int
    process: int | None = None
    failure: str = ""


def write(server: Server, record: Record) -> None:
    """Replace the record in one step: a reader never sees half of one."""
    path = server.lock("record")
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(path)


def read(server: Server) -> Record | None:
    """Return the record of the keeper that lives, or of the last one that gave up."""
    try:
        record = Record(**json.loads(server.lock("record").read_text()))
    except FileNotFoundError:
        return None
    return record if record.failure or _lives(record.keeper) else None


def last_process(server: Server) -> int | None:
    """Return the process that the latest keeper started, whether it still lives or not."""
    try:
        return Record(**json.loads(server.lock("record").read_text())).process
    except FileNotFoundError:
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
