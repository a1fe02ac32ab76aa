"""Starts a stand-in as a process of its own, and controls it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.waiting import eventually

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Control:
    """The control interface of a running stand-in."""

    url: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, trust_env=False, verify=False))

    def reset(self, **how: Any) -> None:
        """Empty it: seed, version, and options of this helpdesk."""
        self._call("reset", how)

    def load(self, **things: Any) -> Any:
        """Add to its model."""
        return self._call("load", things)

    def clock(self, **how: Any) -> None:
        """Turn its clock: now, advance, runs."""
        self._call("clock", how)

    def act(self, do: str, **what: Any) -> Any:
        """Let somebody there do something."""
        return self._call("act", {"do": do, **what})

    def option(self, **options: Any) -> None:
        """Set options of this helpdesk."""
        self._call("option", options)

    def fault(self, kind: str, **what: Any) -> None:
        """Let calls fail: path, method, times (None: always), share."""
        self._call("fault", {"kind": kind, **what})

    def end_faults(self) -> None:
        """End all faults."""
        self._call("fault", {"clear": True})

    def webhooks(self, **how: Any) -> None:
        """Set how webhooks are delivered."""
        self._call("webhooks", how)

    def race(self, on: str, when: str, times: int = 1, **do: Any) -> None:
        """Let somebody act before, between or after our next writes of this kind."""
        self._call("race", {"on": on, "when": when, "times": times, "do": do})

    def log(self) -> dict[str, Any]:
        """Return its requests, deliveries and changes."""
        return dict(self._call("log", {}))

    def state(self) -> list[dict[str, Any]]:
        """Return all its conversations as they are."""
        return list(self._call("state", {}))

    def delivered(self) -> list[dict[str, Any]]:
        """Wait until no delivery is under way, and return all of them."""
        eventually(lambda: not self.log()["undelivered"])
        return list(self.log()["deliveries"])

    def _call(self, what: str, body: dict[str, Any]) -> Any:
        answer = self.client.post(f"{self.url}/__fake/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()


@contextmanager
def running(module: str) -> Iterator[Control]:
    """Run the stand-in of this module until the block ends."""
    command = [sys.executable, "-m", module, "--port", "0", "--tied"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    control = Control(process.stdout.readline().strip())
    try:
        yield control
    finally:
        control.client.close()
        process.stdin.close()
        process.wait(30)
        process.stdout.close()
