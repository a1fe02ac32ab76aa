"""Connections: created, changed and paused by administrators; their secrets are sealed and never shown (C3)."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from dashboard.helpdesks.values import NoteSetting
from dashboard.http_client.url_guard import parse
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Invalid, Stale, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import credentials, state
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import secret_fields
from dashboard.services.helpdesks.connecting.connection_forms import ConnectionChange, ConnectionEdit
from dashboard.services.helpdesks.credentials import Secrets, WrongKey
from dashboard.services.helpdesks.mirroring import vanishing
from dashboard.store.core.paging import Listed, Page
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import directory
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models.connections import ConnectionState

__all__ = ["ConnectionRow", "change", "confirm_gone", "create", "show", "show_all", "sync", "webhook_url"]

SUBJECT = "connection"
DECIDED = ("kind", "name", "url", "paused", "note", "keep_names", "quiet_seconds", "calls_per_second")
TAKEN = "This is taken."
NOT_A_URL = "This is not an http or https URL that can be called."
NO_NOTES = "{} cannot keep this."
# For a name in a form, whose thread others wait for; it is resolved again at every call.
FORM_WAITS = 2.0
ALL_DUE: Mapping[str, None] = {
    "setup_read_at": None,
    "presence_read_at": None,
    "waiting_read_at": None,
    "changes_read_at": None,
    "open_read_at": None,
}


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[ConnectionRow]:
    """Return the connections without their secrets."""
    return store.shelf.page(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, connection_id: int) -> ConnectionRow | None:
    """Return the connection without its secrets."""
    return store.shelf.find(work.session, account_id, connection_id)


def create(
    work: UnitOfWork, account_id: int, edit: ConnectionEdit, *, actor_id: int | None, now: datetime
) -> ConnectionRow | Invalid:
    """Create a connection. The helpdesk is not called: `checks.run` does that, and a poll reads the set-up."""
    if errors := _url_faults(work, edit.url) | secret_fields.faults(edit.kind, edit.credentials):
        return Invalid(errors=errors)
    secrets = Secrets(credentials=edit.credentials, hook_secret=secret_fields.new_secret())
    values = {
        "kind": edit.kind,
        "name": edit.name,
        "url": edit.url.rstrip("/"),
        "sealed": credentials.seal(secrets, work.settings.secret_key),
        "sentence": state.NEW,
        "state_since": now,
    }
    connection_id = store.shelf.add(work.session, account_id, values)
    if connection_id is None:
        return invalid("name", TAKEN)
    row = _found(work, account_id, connection_id)
    made = AuditedChange(subject=SUBJECT, subject_id=row.id, after=_facts(row) | {"credentials": "set"})
    audit_log.write(work, account_id, made, ActorContext(actor_id=actor_id, now=now))
    _go_on(work, row)
    return row


def change(
    work: UnitOfWork,
    account_id: int,
    connection_id: int,
    edit: ConnectionChange,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> ConnectionRow | Invalid | None:
    """Change a connection; new credentials mend a broken one, and a resumed one reads everything again."""
    before = store.shelf.lock(work.session, account_id, connection_id)
    if before is None:
        return None
    values = seen.judged(sent_fields(edit), _facts(before) | {"credentials": None})
    if isinstance(values, Stale):
        return values
    given = values.pop("credentials", None)
    if errors := _note_faults(before, values) | (secret_fields.faults(before.kind, given) if given is not None else {}):
        return Invalid(errors=errors)
    if values and not store.shelf.change(work.session, connection_id, values):
        return invalid("name", TAKEN)
    if given is not None:
        _reseal(work, before, given)
    after = _found(work, account_id, connection_id)
    _resume(work, before, after, is_mended=given is not None, now=now)
    _audit(work, before, after, credentials_set=given is not None, cause=ActorContext(actor_id=actor_id, now=now))
    _go_on(work, after)
    return _found(work, account_id, connection_id)


def sync(
    work: UnitOfWork, account_id: int, connection_id: int, *, actor_id: int | None, now: datetime
) -> ConnectionRow | None:
    """Make every reading due at once; a broken connection is tried again."""
    row = store.shelf.lock(work.session, account_id, connection_id)
    if row is None or row.paused:
        return row
    if row.state is ConnectionState.BROKEN:
        state.goes_on(work, row, now=now)
    make_all_due(work, row)
    return _found(work, account_id, connection_id)


def confirm_gone(
    work: UnitOfWork, account_id: int, connection_id: int, *, actor_id: int | None, now: datetime
) -> ConnectionRow | None:
    """Store a person's confirmation that the missing rows are gone in the helpdesk (C9)."""
    row = store.shelf.lock(work.session, account_id, connection_id)
    if row is None:
        return None
    if vanishing.confirm(work, row):
        said = AuditedChange(subject=SUBJECT, subject_id=row.id, before={"name": row.name}, after=_confirmed(row))
        audit_log.write(work, account_id, said, ActorContext(actor_id=actor_id, now=now))
        _go_on(work, row)
    return _found(work, account_id, connection_id)


def webhook_url(work: UnitOfWork, connection: ConnectionRow, *, base: str) -> str | None:
    """Return the address for the helpdesk's webhooks; None if the secrets cannot be opened (C3)."""
    try:
        secrets = credentials.unseal(store.sealed_of(work.session, connection.id), work.settings.secret_key)
    except WrongKey:
        return None
    return secret_fields.hook_url(base, connection.id, secrets.hook_secret)


def make_all_due(work: UnitOfWork, connection: ConnectionRow) -> None:
    """Make every reading due, and start it."""
    store.note(work.session, connection.id, **ALL_DUE)
    _go_on(work, connection)


def _url_faults(work: UnitOfWork, url: str) -> dict[str, tuple[str, ...]]:
    target = parse(url)
    if target is None or "?" in url or "#" in url:
        return {"url": (NOT_A_URL,)}
    refusal = work.helpdesk_transports.refusal(target, FORM_WAITS)
    return {"url": (refusal,)} if refusal else {}


def _note_faults(row: ConnectionRow, values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Refuse notes that this helpdesk cannot keep (C17)."""
    note, adapter = values.get("note", NoteSetting.OFF), ADAPTERS[row.kind]
    if note is NoteSetting.OFF or note in adapter.features.note_kinds:
        return {}
    return {"note": (NO_NOTES.format(adapter.label),)}


def _reseal(work: UnitOfWork, row: ConnectionRow, given: Mapping[str, str]) -> None:
    """Replace the credentials; secrets that cannot be opened any more are made anew, and so is the webhook."""
    key = work.settings.secret_key
    try:
        former = credentials.unseal(store.sealed_of(work.session, row.id), key)
    except WrongKey:
        former = Secrets(credentials={}, hook_secret=secret_fields.new_secret())
        store.note(work.session, row.id, webhook_id=None)
    secrets = Secrets(credentials=given, hook_secret=former.hook_secret, signing_secret=former.signing_secret)
    store.note(work.session, row.id, sealed=credentials.seal(secrets, key))


def _resume(work: UnitOfWork, before: ConnectionRow, after: ConnectionRow, *, is_mended: bool, now: datetime) -> None:
    """Write the state that follows from a pause, its end, or new credentials."""
    if after.paused:
        state.change(work, after, ConnectionState.PAUSED, state.PAUSED, now=now)
        return
    if before.paused or (is_mended and after.state is ConnectionState.BROKEN):
        store.note(work.session, after.id, **ALL_DUE)
        state.goes_on(work, after, now=now)


def _audit(
    work: UnitOfWork, before: ConnectionRow, after: ConnectionRow, *, credentials_set: bool, cause: ActorContext
) -> None:
    """Write the audit entry; new credentials are named without their values."""
    facts = _facts(after) | ({"credentials": "set"} if credentials_set else {})
    if facts != _facts(before):
        changed = AuditedChange(subject=SUBJECT, subject_id=after.id, before=_facts(before), after=facts)
        audit_log.write(work, after.account_id, changed, cause)


def _go_on(work: UnitOfWork, row: ConnectionRow) -> None:
    """Refresh the pages, run the inboxes with possibly different decisions, and start the due readings."""
    known = directory.read(work.session, row.id)
    here = [link.inbox_id for link in known.inboxes.values() if link.inbox_id is not None]
    work.notes.changed(row.account_id)
    work.notes.touched(row.account_id, inbox_ids=here)
    work.notes.then(partial(work.signals.poll_helpdesk, row.account_id, row.id))


def _facts(row: ConnectionRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in DECIDED}


def _confirmed(row: ConnectionRow) -> dict[str, Any]:
    question = row.question or {}
    return {"name": row.name, "gone": f"{question.get('count')} {question.get('kind')}"}


def _found(work: UnitOfWork, account_id: int, connection_id: int) -> ConnectionRow:
    row = store.shelf.find(work.session, account_id, connection_id)
    assert row is not None
    return row
