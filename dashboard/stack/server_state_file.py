"""The state file by which a keeper informs the users of its server."""

import json
from dataclasses import asdict, dataclass

import psutil

from dashboard.stack.embedded_server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerState:
    """A keeper and its server: `process` is None during the start; `failure` is set by a keeper that gave up."""

    keeper: int
    process: int | None = None
    failure: str = ""


def write(server: Server, record: ServerState) -> None:
    """Replace the file in one step: readers never see an incomplete one."""
    path = server.lock("record")
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(asdict(record)))
    draft.replace(path)


def forget(server: Server) -> None:
    """Remove the state of the previous keeper."""
    server.lock("record").unlink(missing_ok=True)


def read(server: Server) -> ServerState | None:
    """Return the state of the living keeper, or of one that gave up."""
    try:
        record = ServerState(**json.loads(server.lock("record").read_text()))
    except (OSError, ValueError):  # missing or unreadable
        return None
    return record if record.failure or _lives(record.keeper) else None


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
