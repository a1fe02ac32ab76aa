"""Applies readings of conversations: new ones in sets, changed ones one by one under a run's order of locks (C6 to C8).

A reading that is older than the applied one changes nothing, so any order of readings gives the same mirror.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from dashboard.engine.model import Awaiting
from dashboard.helpdesks.values import HelpdeskConversation
from dashboard.services.conversations import change, save
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring import arrivals, merging, settlement, translation
from dashboard.services.helpdesks.mirroring.merging import News
from dashboard.services.helpdesks.mirroring.translation import Asked, MirrorView
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks import events, links, shadow_decisions
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.links import LinkRow, Mirrored
from dashboard.store.helpdesks.writing import open_writes
from dashboard.store.helpdesks.writing.open_writes import OpenWrite
from dashboard.store.models.connections import ConnectionEventKind
from dashboard.store.postgres import locks

log = structlog.get_logger()


# What changed there this short before a reading may still be told by its webhook: no repair (C8).
HINTS_WITHIN = timedelta(seconds=10)


class IdentityChanged(Exception):
    """A conversation came back under its visible id with another stable id: a restored or merged helpdesk (C12)."""

    def __init__(self, display_id: str) -> None:
        super().__init__(display_id)
        self.display_id = display_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The effect of some readings: the numbers of new and changed conversations."""

    new: int = 0
    changed: int = 0


def apply(work: UnitOfWork, view: MirrorView, readings: Sequence[HelpdeskConversation], asked: Asked) -> Applied:
    """Write the changes of these readings. Raises IdentityChanged, before anything is written."""
    readings = list({reading.id: reading for reading in readings}.values())
    _expect_same(work, view, readings)
    known = links.find_all(work.session, view.connection.id, [reading.id for reading in readings])
    ours = [reading for reading in readings if view.directory.inbox_id(reading.inbox_id) is not None]
    new = arrivals.add(work, view, [reading for reading in ours if reading.id not in known], asked)
    there = [(known[reading.id], reading) for reading in readings if reading.id in known]
    changed = _change(work, view, there, asked)
    if asked.is_repair:
        old = {reading.id for reading in readings if view.here(reading.updated_at) < asked.at - HINTS_WITHIN}
        _record_repairs(work, view, asked, new=old.intersection(new), changed=old.intersection(changed))
    return Applied(new=len(new), changed=len(changed))


def _expect_same(work: UnitOfWork, view: MirrorView, readings: Collection[HelpdeskConversation]) -> None:
    stable = links.by_display_id(work.session, view.connection.id, [reading.display_id for reading in readings])
    for reading in readings:
        if stable.get(reading.display_id, reading.id) != reading.id:
            raise IdentityChanged(reading.display_id)


def _change(
    work: UnitOfWork, view: MirrorView, there: Sequence[tuple[Mirrored, HelpdeskConversation]], asked: Asked
) -> list[str]:
    """Apply readings of mirrored conversations; return the ids of those that changed."""
    news = [(before, reading) for before, reading in there if not translation.is_older(reading, asked, before.link)]
    writing = open_writes.newest_of(work.session, [before.row.id for before, _ in news])
    same: list[LinkRow] = []
    other: list[tuple[int, HelpdeskConversation]] = []
    for before, reading in news:
        link = translation.link_of(reading, view, asked, conversation_id=before.row.id, before=before.link)
        merged = merging.merge(before, reading, view, _news(link, writing.get(before.row.id), asked))
        is_same = merged.step.row == before.row and merged.fate in (None, merging.WriteFate.OPEN)
        if is_same:
            same.append(link)
        else:
            other.append((link.conversation_id, reading))
    links.save(work.session, same)
    other.sort(key=lambda pair: pair[0])
    locks.share_inboxes(work.session, _inboxes(view, [before for before, _ in news]) if other else ())
    return [reading.id for _, reading in other if _change_one(work, view, reading, asked)]


def _inboxes(view: MirrorView, known: Collection[Mirrored]) -> set[int]:
    chosen = {link.inbox_id for link in view.directory.inboxes.values() if link.inbox_id is not None}
    return chosen | {before.row.inbox_id for before in known}


def _change_one(work: UnitOfWork, view: MirrorView, reading: HelpdeskConversation, asked: Asked) -> bool:
    """Apply one reading to its locked conversation; its inbox is locked already."""
    before = links.lock(work.session, view.connection.id, reading.id)
    if before is None or translation.is_older(reading, asked, before.link):
        return False
    link = translation.link_of(reading, view, asked, conversation_id=before.row.id, before=before.link)
    write = open_writes.newest_of(work.session, [before.row.id]).get(before.row.id)
    merged = merging.merge(before, reading, view, _news(link, write, asked))
    row = before.row
    if write and merged.fate:
        row = settlement.settle(work, view, write, merged.fate, reading=reading, now=asked.at) or row
    after = save.save(work, row, merged.step, ActorContext(actor_id=None, now=asked.at, mirrored=True))
    if before.row.is_waiting and not after.is_waiting:
        who = view.directory.name_of_agent(reading.assignee_id)
        shadow_decisions.close(
            work.session, after.id, at=asked.at, taken_by_id=after.assignee_id, taken_by=who if reading.taken else None
        )
    links.save(work.session, [link])
    if merged.fate is not merging.WriteFate.OPEN:
        change.apply_rules(work, after, incoming=_is_written_to(before.row, after), now=asked.at)
    # A hold that has run out changed nothing over there.
    return replace(after, held_until=before.row.held_until, held_for=before.row.held_for) != before.row


def _is_written_to(before: ConversationRow, after: ConversationRow) -> bool:
    """Return whether the customer has written since the last reading."""
    return after.awaiting is Awaiting.AGENT and after.last_activity_at > before.last_activity_at


def _news(link: LinkRow, write: OpenWrite | None, asked: Asked) -> News:
    return News(link=link, write=write, asked_at=asked.at, now=asked.at, wrote_at=asked.wrote.get(link.external_id))


def _record_repairs(
    work: UnitOfWork, view: MirrorView, asked: Asked, *, new: Collection[str], changed: Collection[str]
) -> None:
    rows = [(external_id, f"{asked.cause}: new") for external_id in sorted(new)]
    rows += [(external_id, f"{asked.cause}: changed") for external_id in sorted(changed)]
    events.record(
        work.session,
        [
            NewEvent(
                account_id=view.connection.account_id,
                connection_id=view.connection.id,
                at=asked.at,
                kind=ConnectionEventKind.REPAIR,
                cause=cause,
                external_id=external_id,
            )
            for external_id, cause in rows
        ],
    )
