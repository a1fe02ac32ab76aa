"""What a stand-in saw and did: the oracle of tests."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Any

from tests.helpdesks.standin.messages import Request

# A benchmark makes more than anybody reads.
MOST = 200_000


class Log:
    """Every request, every delivery with its answer, every change of state with its actor; the newest of each."""

    def __init__(self, most: int = MOST) -> None:
        self._lock = Lock()
        self._kept = {kind: deque[dict[str, Any]](maxlen=most) for kind in ("requests", "deliveries", "changes")}

    def request(self, request: Request, status: int | None, at: datetime) -> None:
        """Note a request and the status of its answer; None if it got none."""
        self._note(
            "requests",
            {
                "method": request.method,
                "path": request.path,
                "query": request.query,
                "headers": request.headers,
                "body": request.body.decode(errors="replace"),
                "status": status,
                "at": at.isoformat(),
            },
        )

    def delivery(
        self, *, event: str, url: str, outcome: object, at: datetime, payload: Mapping[str, Any] | None
    ) -> None:
        """Note a delivery of a webhook: the status that the receiver answered, or the word for what happened to it."""
        self._note(
            "deliveries",
            {"event": event, "url": url, "outcome": outcome, "at": at.isoformat(), "payload": payload},
        )

    def change(self, what: str, *, actor: str, at: datetime, **values: object) -> None:
        """Note a change of state."""
        self._note("changes", {"what": what, "actor": actor, "at": at.isoformat(), **values})

    def read(self) -> dict[str, list[dict[str, Any]]]:
        """Return all of it."""
        with self._lock:
            return {kind: list(kept) for kind, kept in self._kept.items()}

    def clear(self) -> None:
        """Forget all of it."""
        with self._lock:
            for kept in self._kept.values():
                kept.clear()

    def _note(self, kind: str, entry: dict[str, Any]) -> None:
        with self._lock:
            self._kept[kind].append(entry)
