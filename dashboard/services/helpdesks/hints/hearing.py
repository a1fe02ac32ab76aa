"""Webhooks of helpdesks as they arrive: each is a hint that marks a conversation, and evidence of its owner (C7).

Nothing of the body is kept beside that (C5), and no state is taken from it.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any

from dashboard.helpdesks.port import Helpdesk
from dashboard.helpdesks.values import WebhookHint
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import credentials
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import secret_fields
from dashboard.services.helpdesks.credentials import Secrets, WrongKey
from dashboard.services.helpdesks.hints.offline import Offline
from dashboard.store.core.texts import kept
from dashboard.store.helpdesks import connections, events
from dashboard.store.helpdesks.connections import Hook
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.ledger import metric_counters
from dashboard.store.ledger.metric_counters import Counted, CounterKind
from dashboard.store.models.connections import ConnectionEventKind
from dashboard.store.models.counters import Measure

NOTED_EVERY = timedelta(seconds=1)
LONGEST_WORD = 200
# The helpdesk's word for an event of which nothing is understood.
NO_EVENT = "unknown"


class HookOutcome(StrEnum):
    """The outcome of a webhook. Those of nobody are not counted: strangers may send any number of them."""

    STORED = "stored"
    PAUSED = "paused"
    FORGED = "forged"
    UNREADABLE = "unreadable"
    NOBODYS = "nobodys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A webhook: header names in lower case, and the body as it was signed."""

    headers: Mapping[str, str]
    body: bytes


def hear(work: UnitOfWork, connection_id: int, secret: str, arrived: Arrived, *, now: datetime) -> HookOutcome:
    """Store the hint of a webhook as a mark for a job. An unknown connection costs as much as a wrong secret."""
    found = connections.hook(work.session, connection_id)
    secrets = _secrets(found.sealed if found else _of_nobody(work.settings.secret_key), work.settings.secret_key)
    if not hmac.compare_digest(secrets.hook_secret.encode(), secret.encode()) or found is None:
        return HookOutcome.NOBODYS
    outcome, hint = (HookOutcome.PAUSED, None) if found.paused else _read(found, secrets, arrived, now)
    if hint is not None:
        _store(work, connection_id, found, hint, now=now)
    kind = CounterKind(measure=Measure.HELPDESK_WEBHOOKS, word=outcome.value)
    metric_counters.add(work.session, [Counted(kind=kind, count=1)])
    return outcome


def _read(found: Hook, secrets: Secrets, arrived: Arrived, now: datetime) -> tuple[HookOutcome, WebhookHint | None]:
    body = _object(arrived.body)
    if body is None:
        return HookOutcome.UNREADABLE, None
    adapter: Helpdesk = ADAPTERS[found.kind].make()(Offline(found.url), secrets.credentials)
    ahead = timedelta(seconds=found.ahead_seconds)
    if not adapter.verify(arrived.headers, arrived.body, secret=secrets.signing_secret, now=now, ahead=ahead):
        return HookOutcome.FORGED, None
    try:
        return HookOutcome.STORED, adapter.read_webhook(arrived.headers, body)
    except (ValueError, OverflowError, OSError):  # also times that no calendar has
        event = body.get("event")
    if not isinstance(event, str):
        return HookOutcome.UNREADABLE, None
    # A later version may send events that this one does not understand.
    return HookOutcome.STORED, WebhookHint(event=event)


def _store(work: UnitOfWork, connection_id: int, found: Hook, hint: WebhookHint, *, now: datetime) -> None:
    external_id, display_id = _word(hint.id), _word(hint.display_id)
    is_mark = bool(external_id or display_id)
    heard = NewEvent(
        account_id=found.account_id,
        connection_id=connection_id,
        at=now,
        kind=ConnectionEventKind.WEBHOOK,
        cause=_word(hint.event) or NO_EVENT,
        external_id=external_id,
        display_id=display_id,
        happened_at=hint.at,
        actor=_word(hint.actor_id),
        owner_changed=hint.owner_changed,
        owner_before=_word(hint.before),
        owner_after=_word(hint.after),
        pending=is_mark,
    )
    events.record(work.session, [heard])
    if connections.touch_webhook(work.session, connection_id, now=now, at_most_every=NOTED_EVERY):
        work.notes.changed(found.account_id)
    if is_mark:
        work.notes.then(partial(work.signals.read_marked, found.account_id, connection_id))


def _object(body: bytes) -> Mapping[str, Any] | None:
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _word(text: str | None) -> str | None:
    """Return a text of the helpdesk as Postgres can keep it; None for a text longer than any id."""
    return kept(text) if text is not None and 0 < len(text) <= LONGEST_WORD else None


@lru_cache(maxsize=1_000)
def _opened(sealed: str, secret_key: str) -> Secrets:
    return credentials.unseal(sealed, secret_key)


def _secrets(sealed: str, secret_key: str) -> Secrets:
    """Return the secrets; nobody's if another key sealed them: then no webhook can be verified (C3)."""
    try:
        return _opened(sealed, secret_key)
    except WrongKey:
        return _opened(_of_nobody(secret_key), secret_key)


@lru_cache(maxsize=1)
def _of_nobody(secret_key: str) -> str:
    """Return sealed secrets that nobody has, to compare with where there is no connection."""
    return credentials.seal(Secrets(credentials={}, hook_secret=secret_fields.new_secret()), secret_key)
