"""`python -m dashboard.http_client.apprise_process`: checks or calls one channel, and ends.

It reads a request as JSON and writes an answer as JSON. What apprise logs has parts of addresses: of it, only the
number of a refusal leaves this process.
"""

import json
import logging
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

import apprise
from apprise.manager_plugins import NotificationManager

from dashboard.http_client import confinement
from dashboard.http_client.confinement import Attempts

# Plugins that notify the machine on which Evenhand runs, or send what nobody confirms.
LOCAL = frozenset(
    f"Notify{name}" for name in ("DBus", "GLib", "Gnome", "MacOSX", "Windows", "Syslog", "RSyslog", "Blink1")
)
NOT_AN_ADDRESS = (
    "This is not an address of a known service, such as mailto://user:password@mail.example?to=you@mail.example."
)
OF_THIS_MACHINE = "Addresses that notify the machine itself are not allowed."
NOT_INSTALLED = "Evenhand has not installed what this service needs."
NOT_ALLOWED = "Loopback, private and link-local addresses may not be called."
NOT_CONFINED = "This service needs a file or a program of the machine, which channels may not use."
REFUSED = "The service did not accept the message."
# The first one that is found in what apprise logged.
SIGNS = (
    (re.compile(r"\berror[=:]\s*([1-5]\d\d)\b"), "The service answered {}."),
    (re.compile(r"\(([245]\d\d), b['\"]"), "The mail server answered {}."),
    (re.compile(r"certificate verify failed|CERTIFICATE_VERIFY_FAILED"), "The service's certificate is refused."),
    (re.compile(r"Name or service not known|Temporary failure in name resolution|NameResolutionError"),
     "The name of the service's host is not known."),
    (re.compile(r"Connection refused|Errno 111"), "The connection was refused."),
    (re.compile(r"timed out", re.IGNORECASE), "The service did not answer in time."),
    (re.compile(r"connection error|Socket Exception", re.IGNORECASE), "The service cannot be reached."),
)  # fmt: skip


class Kept(logging.Handler):
    """Keeps what apprise logs, for this process alone."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(record.getMessage())


def main() -> None:
    """Answer one request."""
    asked = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "w")
    sys.stdout = sys.stderr
    kept = Kept()
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [kept], False
    logger.setLevel(logging.DEBUG)
    # Before the limits: the plugins look for what they may need of the machine.
    _known().schemas()
    attempts = confinement.confine(allow_private=asked["allow_private"])
    json.dump(_answer(asked, attempts, kept), answer)
    answer.flush()


def _answer(asked: dict[str, Any], attempts: Attempts, kept: Kept) -> dict[str, Any]:
    plugin = _plugin(asked["url"])
    if isinstance(plugin, str):
        return {"error": NOT_CONFINED if attempts.other else plugin}
    if "body" not in asked:
        return {"error": None, "service": str(plugin.service_name), "hosts": _hosts(plugin)}
    kept.lines.clear()
    # Otherwise an address with optional=yes would report every failure as a success.
    plugin.optional = False
    if plugin.notify(title=asked["title"], body=asked["body"], notify_type=asked["level"]):
        return {"error": None}
    return {"error": _why(attempts, kept.lines)}


def _plugin(url: str) -> Any:
    """Return the plugin for an address, or why there is none."""
    asset = apprise.AppriseAsset(
        app_id="Evenhand",
        app_desc="Evenhand",
        app_url="",
        async_mode=False,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode="memory",
        allow_templates=False,
        secure_logging=True,
    )
    known, schema = _known(), url.partition("://")[0].lower()
    if schema not in known:
        return NOT_AN_ADDRESS
    if known[schema].__name__ in LOCAL:
        return OF_THIS_MACHINE
    if not known[schema].enabled:
        return NOT_INSTALLED
    return apprise.Apprise.instantiate(url, asset=asset) or NOT_AN_ADDRESS


def _known() -> Any:
    manager: Any = NotificationManager
    return manager()


def _hosts(plugin: Any) -> Sequence[str]:
    """Return the hosts that the address names; a token in the host's place is never looked up."""
    if smtp := getattr(plugin, "smtp_host", None):
        return [str(smtp)]
    return [str(plugin.host)] if "host" in plugin.template_tokens and plugin.host else []


def _why(attempts: Attempts, lines: Sequence[str]) -> str:
    if attempts.address:
        return NOT_ALLOWED
    for sign, sentence in SIGNS:
        for line in lines:
            if found := sign.search(line):
                return sentence.format(*found.groups())
    return NOT_CONFINED if attempts.other else REFUSED


if __name__ == "__main__":
    main()
