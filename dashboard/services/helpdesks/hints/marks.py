"""Marks of webhooks, worked off: each marked conversation is read once and applied if it is newer (C7)."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import ConversationKey, HelpdeskConversation
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring import conflicts, mirror
from dashboard.services.helpdesks.mirroring.translation import Asked, MirrorView
from dashboard.services.helpdesks.polling import failures
from dashboard.services.helpdesks.polling.reconciliation import Clock, Job
from dashboard.store.helpdesks import connections, directory, events, links
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.events import Mark
from dashboard.store.helpdesks.links import Mirrored

# One action sends several webhooks; their conversation is read once.
GATHERED_FOR = timedelta(milliseconds=300)
MOST_AT_ONCE = 100
# In one transaction, and side by side in threads.
AT_ONCE, CALLS_AT_ONCE = 25, 8
LASTS_FOR = timedelta(seconds=20)


def work_off(
    work: UnitOfWork,
    connection: ConnectionRow,
    helpdesk: Helpdesk,
    *,
    clock: Clock,
    pause: Callable[[float], object] = time.sleep,
) -> bool:
    """Read the marked conversations again; True if marks remain that another job should work off.

    A mark ends only after its reading was committed: a killed worker loses none.
    """
    first_at = events.first_pending_at(work.session, connection.id)
    work.finish()
    if first_at is None:
        return False
    pause(max((first_at + GATHERED_FOR - clock()).total_seconds(), 0.0))
    with failures.recorded(work, connection, clock=clock):  # the marks stay, and the timetable's next look tries again
        return _work_off(work, connection, helpdesk, clock)
    return False


def _work_off(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, clock: Clock) -> bool:
    until = clock() + LASTS_FOR
    found = events.marks(work.session, connection.id, most=MOST_AT_ONCE)
    view = MirrorView(connection=connection, directory=directory.read(work.session, connection.id))
    job = Job(work=work, helpdesk=helpdesk, view=view, clock=clock, until=until)
    work.finish()
    for first in range(0, len(found), AT_ONCE):
        _read(job, found[first : first + AT_ONCE])
        if clock() >= until:
            return True
    return events.is_marked(work.session, connection.id)


def _read(job: Job, some: Sequence[Mark]) -> None:
    """Read marked conversations side by side, apply them and end their marks in one unit of work.

    Where a call fails, the others are applied all the same. Raises HelpdeskUnavailable and HelpdeskForbids.
    """
    work, connection = job.work, job.view.connection
    at = job.clock()
    with ThreadPoolExecutor(max_workers=CALLS_AT_ONCE) as pool:
        found = list(pool.map(partial(_ask, job.helpdesk), some))
    readings = [one for one in found if isinstance(one, HelpdeskConversation)]
    if None in found:
        # Gone only by the rule for everything: a webhook of a conversation that is not there proves nothing alone.
        connections.note(work.session, connection.id, open_read_at=None)
    names = {name: one.id for one in readings for name in (one.id, one.display_id)}
    wrote = events.customers_wrote_at(work.session, connection.id, names)
    mirror.apply(work, job.view, readings, Asked(at=at, cause="webhook", wrote=wrote))
    known = links.find_all(work.session, connection.id, [one.id for one in readings])
    for external_id in sorted(events.with_changed_owners(work.session, connection.id, _names(known))):
        conflicts.look(work, job.view, known[external_id], now=job.clock())
    for mark, one in zip(some, found, strict=True):
        if not isinstance(one, Exception):
            events.work_off(work.session, connection.id, mark)
    work.finish()
    for one in found:
        if isinstance(one, Exception):
            raise one


def _names(known: Mapping[str, Mirrored]) -> Mapping[str, str]:
    """Return the stable ids by each id that a webhook may have named."""
    return {name: one for one, pair in known.items() for name in (one, pair.link.display_id)}


def _ask(helpdesk: Helpdesk, mark: Mark) -> HelpdeskConversation | HelpdeskUnavailable | HelpdeskForbids | None:
    """Read one conversation; touches no store, and raises nothing that the helpdesk caused."""
    try:
        return helpdesk.read_one(ConversationKey(id=mark.external_id or "", display_id=mark.display_id or ""))
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        return error
