"""The mode of each inbox of a helpdesk: off, shadow or live (C19)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import ActorContext, AuditedChange
from dashboard.services.core.form import UNSET
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import state
from dashboard.services.helpdesks.access import ADAPTERS
from dashboard.services.helpdesks.connecting import first_modes, own_assignment
from dashboard.services.helpdesks.connecting.connection_forms import ExternalKey, InboxModeEdit
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import directory, shadow_decisions
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.directory import InboxLink
from dashboard.store.models.connections import ConnectionMode, ConnectionState

NOT_IMPORTED = "The first sync has not ended: choose shadow, and go live when all open conversations are read."
OWN_IS_ON = "{} itself assigns there ({}): two engines would fight over each conversation. Switch it off first."
IS_GONE = "This inbox is gone in the helpdesk."
NO_GROUPS = "Only Request Tracker has groups here."


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxView:
    """An inbox of a helpdesk; `own_assignment` is None where the helpdesk has no such switch.

    `is_stopped` is true while nothing is written there, because two engines assign (C16).
    """

    external_id: str
    name: str
    inbox_id: int | None
    mode: ConnectionMode
    own_assignment: bool | None
    waiting: int | None
    group: str | None
    is_gone: bool
    is_stopped: bool


def show(work: UnitOfWork, account_id: int, connection_id: int) -> Sequence[InboxView] | None:
    """Return the inboxes of the helpdesk, without those that are gone there and were never chosen."""
    connection = store.shelf.find(work.session, account_id, connection_id)
    if connection is None:
        return None
    known = directory.read(work.session, connection_id)
    links = [link for link in known.inboxes.values() if link.gone_at is None or link.inbox_id is not None]
    ordered = sorted(links, key=lambda link: (link.name.casefold(), link.external_id))
    on = own_assignment.where_on(work, connection, known)
    return [_view(link, on) for link in ordered]


def change(
    work: UnitOfWork,
    account_id: int,
    key: ExternalKey,
    edit: InboxModeEdit,
    *,
    base: str,
    actor_id: int | None,
    clock: Callable[[], datetime],
) -> InboxView | Invalid | Conflict | None:
    """Change an inbox's mode, its group, or switch the helpdesk's own assignment off there.

    Finishes units of work: the helpdesk is called before the change, with no transaction open. The first mode other
    than off makes the inbox here, and starts the first sync; `base` is our own address, for the webhook.
    """
    connection = store.shelf.find(work.session, account_id, key.connection_id)
    link = directory.read(work.session, key.connection_id).inboxes.get(key.external_id) if connection else None
    if connection is None or link is None:
        return None
    if refusal := _refusal(connection, link, edit):
        return refusal
    cause = ActorContext(actor_id=actor_id, now=clock())
    try:
        if edit.own_assignment is False:
            own_assignment.switch_off(work, connection, key.external_id, cause=cause)
        if edit.mode is ConnectionMode.LIVE:
            own_assignment.look(work, connection)
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        work.abandon()
        return Conflict(sentence=error.sentence)
    if edit.mode not in (UNSET, ConnectionMode.OFF):
        first_modes.make_webhook(work, connection, base=base)
    return _write(work, connection, key.external_id, edit, cause=cause)


def _refusal(connection: ConnectionRow, link: InboxLink, edit: InboxModeEdit) -> Invalid | Conflict | None:
    """Return the refusal that needs no call of the helpdesk, if any."""
    if isinstance(edit.group, str) and not ADAPTERS[connection.kind].has_groups:
        return invalid("group", NO_GROUPS)
    if link.gone_at is not None and edit.mode not in (UNSET, ConnectionMode.OFF):
        return Conflict(sentence=IS_GONE)
    is_read = connection.is_imported and connection.open_read_at is not None and link.inbox_id is not None
    if edit.mode is ConnectionMode.LIVE and not is_read:
        return Conflict(sentence=NOT_IMPORTED)
    return None


def _write(
    work: UnitOfWork, connection: ConnectionRow, external_id: str, edit: InboxModeEdit, *, cause: ActorContext
) -> InboxView | Conflict | None:
    connection_now = store.shelf.lock(work.session, connection.account_id, connection.id)
    if connection_now is None:
        return None
    connection, known = connection_now, directory.read(work.session, connection.id)
    link = known.inboxes[external_id]
    if edit.mode is ConnectionMode.LIVE and (names := own_assignment.places(work, connection, known, link)):
        return Conflict(sentence=OWN_IS_ON.format(ADAPTERS[connection.kind].label, ", ".join(names)))
    values: dict[str, Any] = {}
    if edit.mode is not UNSET:
        # Choosing a mode again is a person's word that there is one engine now (C16).
        values |= {"mode": edit.mode, "stopped_at": None}
        if edit.mode is not ConnectionMode.OFF and link.mode is ConnectionMode.OFF:
            values["unread_since"] = cause.now
        if edit.mode is not ConnectionMode.OFF and link.inbox_id is None:
            values["inbox_id"] = first_modes.make_inbox(work, connection, link, cause)
    if edit.group is not UNSET:
        values["group_id"] = edit.group or None
    _save(work, connection, link, values, cause=cause)
    after = directory.read(work.session, connection.id)
    return _view(after.inboxes[external_id], own_assignment.where_on(work, connection, after))


def _save(
    work: UnitOfWork, connection: ConnectionRow, link: InboxLink, values: dict[str, Any], *, cause: ActorContext
) -> None:
    """Write the changed columns, audit them, and start the jobs that follow; without a change, do nothing."""
    changed = {name: value for name, value in values.items() if getattr(link, name) != value}
    if not changed:
        return
    directory.set_inbox(work.session, connection.id, link.external_id, **changed)
    if "mode" in changed and link.inbox_id is not None:
        shadow_decisions.close_all_in(work.session, link.inbox_id, at=cause.now)
    where = {"connection": connection.name, "name": link.name, "external_id": link.external_id}
    said = AuditedChange(
        subject="connected_inbox",
        subject_id=connection.id,
        before=where | _facts({name: getattr(link, name) for name in changed}),
        after=where | _facts(changed),
    )
    audit_log.write(work, connection.account_id, said, cause)
    is_chosen = link.mode is ConnectionMode.OFF and changed.get("mode", ConnectionMode.OFF) is not ConnectionMode.OFF
    _start(work, connection, is_chosen=is_chosen, now=cause.now)
    inbox_id = changed.get("inbox_id", link.inbox_id)
    work.notes.touched(connection.account_id, inbox_ids=[inbox_id] if inbox_id is not None else ())
    work.notes.changed(connection.account_id)


def _facts(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values for the audit log, where an instant is only whether writing is stopped."""
    told = {name: value for name, value in values.items() if name not in ("stopped_at", "unread_since")}
    return told | ({"is_stopped": values["stopped_at"] is not None} if "stopped_at" in values else {})


def _start(work: UnitOfWork, connection: ConnectionRow, *, is_chosen: bool, now: datetime) -> None:
    """Have the set-up read, and all open conversations if an inbox was chosen: for a new connection, the first sync."""
    unread = {"open_read_at": None, "open_began_at": None, "open_cursor": None} if is_chosen else {}
    store.note(work.session, connection.id, setup_read_at=None, **unread)
    if is_chosen and connection.state is ConnectionState.NEW:
        state.change(work, connection, ConnectionState.IMPORTING, state.IMPORTING, now=now)
    work.notes.then(partial(work.signals.poll_helpdesk, connection.account_id, connection.id))


def _view(link: InboxLink, on: Mapping[str, bool | None]) -> InboxView:
    return InboxView(
        external_id=link.external_id,
        name=link.name,
        inbox_id=link.inbox_id,
        mode=link.mode,
        own_assignment=on[link.external_id],
        waiting=link.waiting,
        group=link.group_id,
        is_gone=link.gone_at is not None,
        is_stopped=link.stopped_at is not None,
    )
