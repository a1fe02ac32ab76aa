"""The secret parts of a connection: which credentials its kind needs, and the secret address of its webhook."""

import secrets
from collections.abc import Mapping

from dashboard.helpdesks.values import HelpdeskKind
from dashboard.services.helpdesks.access import ADAPTERS

ENTROPY_BYTES = 32
UNKNOWN = "Unknown field."
MISSING = "Missing data for required field."


def faults(kind: HelpdeskKind, given: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the unknown and the missing credentials, by field."""
    adapter = ADAPTERS[kind]
    known = {field.name for field in adapter.fields}
    unknown: dict[str, tuple[str, ...]] = {f"credentials.{name}": (UNKNOWN,) for name in given if name not in known}
    if any(way <= given.keys() for way in adapter.ways):
        return unknown
    # Of several ways, the one that was begun.
    wanted = max(adapter.ways, key=lambda way: len(way & given.keys()))
    return unknown | {f"credentials.{name}": (MISSING,) for name in sorted(wanted - given.keys())}


def new_secret() -> str:
    """Return a new secret for an address or for signatures."""
    return secrets.token_urlsafe(ENTROPY_BYTES)


def hook_url(base: str, connection_id: int, hook_secret: str) -> str:
    """Return the address at which webhooks of a connection arrive."""
    return f"{base.rstrip('/')}/hooks/{connection_id}/{hook_secret}"
