"""Readings of conversations that need no webhook, page by page, each page a unit of work (C6, C8, C9, C12)."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.helpdesks.port import Helpdesk
from dashboard.helpdesks.values import HelpdeskPage
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring import gone, mirror, vanishing
from dashboard.services.helpdesks.mirroring.translation import Asked, MirrorView
from dashboard.services.helpdesks.mirroring.vanishing import Missing, Vanishing
from dashboard.store.helpdesks import connections, directory, links
from dashboard.store.helpdesks.links import LinkRow

Clock = Callable[[], datetime]
# Of two readings of changes, the later one begins this much before the earlier one: clocks and commits differ.
OVERLAP = timedelta(minutes=2)
# Beyond this, everything is read instead.
LONGEST_CHANGES = timedelta(minutes=13)
# Of what a reading lacks; the reading of everything finds the rest.
MOST_SINGLY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A helpdesk and the tools of a job on it; from `until` on, it leaves the rest to another job."""

    work: UnitOfWork
    helpdesk: Helpdesk
    view: MirrorView
    clock: Clock
    until: datetime


def read_waiting(job: Job) -> None:
    """Read the waiting conversations; those of older readings that are not listed any more are read singly."""
    began_at, work, view = job.clock(), job.work, job.view
    counts: dict[str, int] = dict.fromkeys(view.directory.chosen, 0)
    for page, asked in _pages(job, lambda after: job.helpdesk.read_waiting(view.directory.chosen, after), "waiting"):
        for reading in page.conversations:
            counts[reading.inbox_id] = counts.get(reading.inbox_id, 0) + reading.waits
        mirror.apply(work, view, page.conversations, asked)
        work.finish()
    old = links.open_since(work.session, view.connection.id, view.directory.chosen, began_at)
    read_again(job, [link for link in old if not link.taken][:MOST_SINGLY], "waiting")
    for external_id, count in counts.items():
        directory.set_inbox(work.session, view.connection.id, external_id, waiting=count)
    connections.note(work.session, view.connection.id, waiting_read_at=began_at)
    work.notes.touched(view.connection.account_id, inbox_ids=_inboxes(view))
    work.finish()


def read_changes(job: Job) -> None:
    """Read the conversations changed since the last such reading; after too long a pause, everything is due instead."""
    began_at, work, view = job.clock(), job.work, job.view
    last = view.connection.changes_read_at or view.connection.open_read_at or began_at
    since = last - OVERLAP
    if began_at - since > LONGEST_CHANGES:
        connections.note(work.session, view.connection.id, open_read_at=None, changes_read_at=began_at)
        work.finish()
        return
    theirs = since + view.connection.ahead
    read = job.helpdesk.read_changed
    for page, asked in _pages(job, lambda after: read(view.directory.chosen, theirs, after), "changes"):
        mirror.apply(work, view, page.conversations, asked)
        work.finish()
    connections.note(work.session, view.connection.id, changes_read_at=began_at)
    work.finish()


def read_open(job: Job) -> bool:
    """Go on with the reading of all open conversations; False if another job must go on with it.

    The first such reading is the first sync. It resumes at its page after a kill.
    """
    work, view = job.work, job.view
    connection = view.connection
    began_at, after, done = connection.open_began_at or job.clock(), connection.open_cursor, connection.open_done
    if connection.open_began_at is None:
        after, done = None, 0
    pages = 0 if after is None else connection.open_pages
    while True:
        asked = Asked(at=job.clock(), cause="reading of everything", is_repair=connection.is_imported)
        page = job.helpdesk.read_open(view.directory.chosen, after)
        mirror.apply(work, view, page.conversations, asked)
        after, pages, done = page.next, pages + 1, done + len(page.conversations)
        progress = {"open_cursor": after, "open_done": done, "open_total": page.total, "open_pages": pages}
        connections.note(work.session, connection.id, open_began_at=began_at, **progress)
        work.notes.changed(connection.account_id)
        work.finish()
        if after is None:
            _end_open(job, began_at)
            return True
        if job.clock() >= job.until:
            return False


def read_again(job: Job, old: Collection[LinkRow], cause: str) -> list[LinkRow]:
    """Read these conversations one by one, and return those that the helpdesk does not have any more (404)."""
    missing = []
    for link in old:
        asked = Asked(at=job.clock(), cause=cause, is_repair=job.view.connection.is_imported)
        reading = job.helpdesk.read_one(link.key)
        if reading is None:
            missing.append(link)
            continue
        mirror.apply(job.work, job.view, [reading], asked)
        job.work.finish()
    return missing


def _end_open(job: Job, began_at: datetime) -> None:
    """End the reading of everything: read the missing conversations singly, and close those that are gone there."""
    work, view = job.work, job.view
    connection, chosen = view.connection, view.directory.chosen
    there = links.count_open(work.session, connection.id, chosen)
    old = links.open_since(work.session, connection.id, chosen, began_at)
    work.finish()
    lost = read_again(job, old, "reading of everything")
    now = job.clock()
    missing = Missing(kind=Vanishing.CONVERSATIONS, ids=[link.external_id for link in lost], of=there)
    if vanishing.may_go(work, connection, missing, now=now):
        for link in lost:
            gone.close(work, view, link, now=now)
    # An inbox that was chosen meanwhile is read by the next one, at once.
    is_all = directory.end_first_readings(work.session, connection.id, began_at=began_at)
    open_read_at = began_at if is_all else None
    read_at = {"open_read_at": open_read_at, "changes_read_at": began_at, "waiting_read_at": began_at}
    first = {} if connection.is_imported else {"imported_at": now}
    connections.note(work.session, connection.id, open_began_at=None, open_cursor=None, **read_at, **first)
    work.notes.touched(connection.account_id, inbox_ids=_inboxes(view))
    work.finish()


def _pages(job: Job, read: Callable[[str | None], HelpdeskPage], cause: str) -> Iterator[tuple[HelpdeskPage, Asked]]:
    after: str | None = None
    while True:
        asked = Asked(at=job.clock(), cause=cause, is_repair=job.view.connection.is_imported)
        page = read(after)
        yield page, asked
        after = page.next
        if after is None:
            return


def _inboxes(view: MirrorView) -> list[int]:
    return [link.inbox_id for link in view.directory.inboxes.values() if link.inbox_id is not None]
