"""Calls of alert channels by apprise: each in a process of its own, which ends within a time limit.

apprise has hundreds of plugins and keeps no total time. Its process has no environment of ours and is confined.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.http_client.client import NOT_A_URL, Outgoing
from dashboard.http_client.url_guard import LONGEST_URL

SEND_SECONDS, CHECK_SECONDS = 20.0, 10.0
ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "dashboard.http_client.apprise_process")
# Not our environment: it has the stores' addresses, and apprise reads proxies, a home and more from it.
ENVIRONMENT = {"HOME": "/nonexistent", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
NOT_AN_ADDRESS = "This is not an address of a known service."
NO_HOST = "The host in this address is none."
TOO_SLOW = "No answer within {:g} s."
FAILED = "The call ended without an answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMessage:
    """A message for a channel; `level` is one of apprise's types, such as `warning` or `success`."""

    title: str
    body: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAddress:
    """The name of the service behind an address, or why the address is refused."""

    service: str = ""
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseChannel:
    """Checks and calls addresses in apprise's form."""

    outgoing: Outgoing
    seconds: float = SEND_SECONDS
    command: tuple[str, ...] = field(default=COMMAND)

    def check(self, url: str) -> CheckedAddress:
        """Return the service of an address, or its refusal: by apprise's parsing, then by the named host's address."""
        if len(url) > LONGEST_URL or not url.isprintable() or not url.isascii():
            return CheckedAddress(refusal=NOT_AN_ADDRESS)
        answer = self._ask({"url": url}, CHECK_SECONDS)
        if refusal := answer.get("error"):
            return CheckedAddress(refusal=str(refusal))
        for host in answer["hosts"]:
            if refusal := self.outgoing.refusal(f"http://{_bracketed(host)}/"):
                return CheckedAddress(refusal=NO_HOST if refusal == NOT_A_URL else refusal)
        return CheckedAddress(service=str(answer["service"]))

    def send(self, url: str, message: ChannelMessage) -> str | None:
        """Send a message, and return the reason if it was not accepted in time. The reason never has a secret."""
        asked = {"url": url, "title": message.title, "body": message.body, "level": message.level}
        error: str | None = self._ask(asked, self.seconds)["error"]
        return error

    def _ask(self, asked: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        said = json.dumps({**asked, "allow_private": self.outgoing.allow_private}).encode()
        try:
            done = subprocess.run(
                self.command,
                input=said,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd=ROOT,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"error": TOO_SLOW.format(seconds)}
        except OSError:
            return {"error": FAILED}
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError:
            return {"error": FAILED}
        return answer


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
