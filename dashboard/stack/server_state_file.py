"""What a keeper tells the users of its server."""

import json
from dataclasses import asdict, dataclass

import psutil

from dashboard.stack.embedded_server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """One keeper, and the server it runs now: no process while it starts, and a sentence when it gave up."""

    keeper: int
    process: int | None = None
    failure: str = ""


def write(server: Server, record: ServerState) -> None:
    """Replace the record in one step: a reader never sees half of one."""
    path = server.lock("record")
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(path)


def forget(server: Server) -> None:
    """Remove the record of the keeper before this one."""
    server.lock("record").unlink(missing_ok=True)


def read(server: Server) -> ServerState | None:
    """Return the record of the keeper that lives, or of one that gave up."""
    try:
        record = ServerState(**json.loads(server.lock("record").read_text()))
    except (OSError, ValueError):  # there is none, or none that can be read
        return None
    return record if record.failure or _lives(record.keeper) else None


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
