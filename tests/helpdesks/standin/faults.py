"""What goes wrong on purpose: each fault has a kind, the calls that it hits, and how often."""

import random
from dataclasses import dataclass
from threading import Event, Lock

from tests.helpdesks.standin.messages import Reply, Request, as_json, as_text

PAGE = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>"
# Seconds that a caller is left without an answer, unless `reset` ends it before.
LONG = 60.0
# Kinds that act after the request was carried out.
LATE = {"truncated_json", "write_then_500", "write_then_timeout", "write_then_null"}
EARLY = {"timeout", "reset", "429", "500", "502_html", "slow", "null_answer"}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One fault. `path` is a part of the path; `times` None means always; `share` is the part of the calls hit."""

    kind: str
    path: str = ""
    method: str = ""
    times: int | None = 1
    share: float = 1.0
    headers: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.name not in LATE | EARLY:
            raise ValueError(f"There is no fault {self.kind}.")

    @property
    def name(self) -> str:
        """Return the kind without its seconds."""
        return self.kind.partition(":")[0]

    @property
    def seconds(self) -> float:
        """Return the seconds of `slow:7` or `timeout:3`."""
        return float(self.kind.partition(":")[2] or LONG)

    def hits(self, request: Request) -> bool:
        """Return whether it is about this request."""
        return self.path in request.path and self.method in {"", request.method} and self.times != 0


class Faults:
    """The faults that wait for their requests; `released` ends every waiting."""

    def __init__(self, seed: int) -> None:
        self._lock, self._waiting, self._random = Lock(), list[Fault](), random.Random(seed)
        self.released = Event()

    def add(self, fault: Fault) -> None:
        """Add a fault."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """End all faults, and let go who waits."""
        with self._lock:
            self._waiting.clear()
        self.released.set()
        self.released = Event()

    def take(self, request: Request) -> Fault | None:
        """Return the fault of this request, and count it."""
        with self._lock:
            fault = next((one for one in self._waiting if one.hits(request)), None)
            if fault is None or (fault.share < 1 and self._random.random() >= fault.share):
                return None
            fault.times = None if fault.times is None else fault.times - 1
            return fault

    def early(self, fault: Fault) -> Reply | None:
        """Suffer what comes before the request is carried out: a reply instead of it, or ConnectionAbortedError."""
        kinds = {
            "429": as_text("Retry later\n", 429),
            "500": as_json({"status": 500, "error": "Internal Server Error"}, 500),
            "502_html": as_text(PAGE, 502, "text/html"),
            "null_answer": as_json(None),
        }
        if fault.name in {"timeout", "slow"}:
            self.released.wait(fault.seconds)
        if fault.name in {"timeout", "reset"}:
            raise ConnectionAbortedError
        reply = kinds.get(fault.name)
        return (
            Reply(status=reply.status, body=reply.body, type=reply.type, headers=fault.headers or {}) if reply else None
        )

    def late(self, fault: Fault, reply: Reply) -> Reply:
        """Suffer what comes after it was carried out."""
        if fault.name == "write_then_timeout":
            self.released.wait(fault.seconds)
            raise ConnectionAbortedError
        kinds = {
            "truncated_json": Reply(status=reply.status, body=reply.body[: len(reply.body) // 2], type=reply.type),
            "write_then_500": as_json({"status": 500, "error": "Internal Server Error"}, 500),
            "write_then_null": as_json(None),
        }
        return kinds.get(fault.name, reply)
