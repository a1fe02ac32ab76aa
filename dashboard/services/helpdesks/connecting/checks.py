"""Checks of a connection: each has a finding or a remedy; one of them creates the webhook (C20)."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.helpdesks.port import Helpdesk, HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.values import Check
from dashboard.http_client.helpdesk_client import Urgency
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks import state
from dashboard.services.helpdesks.access import ADAPTERS, helpdesk_of
from dashboard.services.helpdesks.connecting import connections, receiver
from dashboard.services.helpdesks.mirroring import setup
from dashboard.services.helpdesks.mirroring.setup import SetupReading
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.services.helpdesks.polling import abouts
from dashboard.store.helpdesks import connections as store
from dashboard.store.helpdesks import directory
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.models.connections import ConnectionState

Clock = Callable[[], datetime]

# A count costs a call for each inbox.
MOST_COUNTED = 20
# Signatures of webhooks are refused beyond this; readings are translated by the difference.
CLOCK_TOLERATED = timedelta(minutes=5)
TRY_AGAIN = "Look whether the helpdesk runs and answers from this machine, then check again."
NTP = "Let both machines set their clocks by NTP."
SEEN = "A webhook has arrived."
NOT_SEEN = "No webhook has arrived yet."
CAUSE_ONE = (
    "Write a message in a conversation of {label}, then check again. If none arrives, look there whether its webhooks"
    " have the address {url}, and whether {label} can reach it."
)
NO_WEBHOOKS = "{} sends no webhooks: changes are read every minute."


def run(work: UnitOfWork, account_id: int, connection_id: int, *, base: str, clock: Clock) -> Sequence[Check] | None:
    """Check a connection, make its webhook, and read its set-up if that is new. Finishes units of work.

    No transaction is open while the helpdesk is called. `base` is our own address.
    """
    connection = store.shelf.find(work.session, account_id, connection_id)
    if connection is None:
        return None
    try:
        with helpdesk_of(work, connection, Urgency.REREAD) as helpdesk:
            work.finish()
            return _run(work, connection, helpdesk, base=base, clock=clock)
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        work.abandon()
        return [_failed("reachable", error)]


def _run(
    work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, base: str, clock: Clock
) -> Sequence[Check]:
    found = list(helpdesk.check())
    try:
        found = _with_clock(found, _note_about(work, connection, helpdesk, clock=clock))
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        # The helpdesk's own checks tell more, if they have found it.
        return found if any(not check.ok for check in found) else [*found, _failed("version", error)]
    found.append(_webhook(work, connection, helpdesk, base=base))
    if connection.setup_read_at is None:
        found.extend(_setup(work, connection, helpdesk, clock=clock))
    return found


def _note_about(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, clock: Clock) -> timedelta | None:
    """Write down version, own id and the difference of the clocks, and return that."""
    ahead = abouts.read(work, connection, helpdesk, clock=clock)
    if connection.state is ConnectionState.BROKEN:
        state.goes_on(work, connection, now=clock())
        connections.make_all_due(work, connection)
    work.notes.changed(connection.account_id)
    work.finish()
    return ahead


def _with_clock(found: list[Check], ahead: timedelta | None) -> list[Check]:
    """Add or replace the check of the clock by the measured difference."""
    if ahead is None:
        return found
    seconds = round(abs(ahead.total_seconds()))
    ok, way = abs(ahead) <= CLOCK_TOLERATED, "ahead of" if ahead > timedelta() else "behind"
    sentence = f"Its clock is {seconds} s {way} ours." if seconds else "Its clock agrees with ours."
    return [
        *(check for check in found if check.check != "clock"),
        Check(check="clock", ok=ok, sentence=sentence, fix=None if ok else NTP),
    ]


def _webhook(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, base: str) -> Check:
    """Make the webhook if there is none, and tell whether a real one has arrived."""
    label = ADAPTERS[connection.kind].label
    if not helpdesk.features.webhooks:
        return Check(check="webhook_seen", ok=True, sentence=NO_WEBHOOKS.format(label))
    failed: Check | None = None
    try:
        receiver.ensure(work, connection, helpdesk, base=base)
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        work.abandon()
        failed = _failed("webhook_seen", error)
    now = store.shelf.find(work.session, connection.account_id, connection.id) or connection
    url = connections.webhook_url(work, now, base=base)
    work.finish()
    if now.last_webhook_at is not None:
        return Check(check="webhook_seen", ok=True, sentence=SEEN)
    cure = CAUSE_ONE.format(label=label, url=url)
    if failed:
        return replace(failed, fix=f"{failed.fix} {cure}")
    return Check(check="webhook_seen", ok=False, sentence=NOT_SEEN, fix=cure)


def _setup(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, *, clock: Clock) -> list[Check]:
    """Read the set-up, so that inboxes can be chosen at once."""
    now = clock()
    try:
        read = helpdesk.read_setup({})
    except (HelpdeskUnavailable, HelpdeskForbids) as error:
        return [_failed("setup", error)]
    view = MirrorView(connection=connection, directory=directory.read(work.session, connection.id))
    setup.apply(work, view, SetupReading(first=read), now=now)
    work.finish()
    _count_waiting(work, connection, helpdesk, [inbox.id for inbox in read.inboxes[:MOST_COUNTED]])
    return []


def _count_waiting(work: UnitOfWork, connection: ConnectionRow, helpdesk: Helpdesk, inbox_ids: Sequence[str]) -> None:
    """Count the waiting conversations of inboxes that may be chosen, as far as one page lists them."""
    counts: dict[str, int] = {}
    for inbox_id in inbox_ids:
        try:
            page = helpdesk.read_waiting([inbox_id])
        except (HelpdeskUnavailable, HelpdeskForbids):
            break  # a person can choose without the numbers
        listed = sum(one.waits for one in page.conversations)
        if page.next is None or page.total is not None:
            counts[inbox_id] = listed if page.next is None else page.total or listed
    for inbox_id, count in counts.items():
        directory.set_inbox(work.session, connection.id, inbox_id, waiting=count)
    work.finish()


def _failed(name: str, error: HelpdeskUnavailable | HelpdeskForbids) -> Check:
    fix = error.fix if isinstance(error, HelpdeskForbids) else TRY_AGAIN
    return Check(check=name, ok=False, sentence=error.sentence, fix=fix)
