"""Alert channels: creation with an encrypted address, tests, removal. No answer has the address again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard.http_client.apprise_channel import AppriseChannel
from dashboard.services.alerts import addresses
from dashboard.services.alerts.alert_forms import NewChannel
from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.webhooks import deliver
from dashboard.store.alerts import channels as store
from dashboard.store.alerts import notices
from dashboard.store.alerts.channels import ChannelRow
from dashboard.store.alerts.notices import NoticeResult
from dashboard.store.core.paging import Listed, Page, listed
from dashboard.store.postgres.bulk import json_row

CHANNEL = Resource(subject="alert_channel", shelf=store.shelf, unique="name")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelView:
    """A channel with its newest notice."""

    id: int
    name: str
    service: str
    created_at: datetime
    last: NoticeResult | None = None


def caller_of(work: UnitOfWork) -> AppriseChannel:
    """Return the caller of the channels that the settings allow."""
    return AppriseChannel(outgoing=deliver.outgoing_of(work))


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[ChannelView]:
    """Return a page of the channels."""
    found, last = store.shelf.page(work.session, account_id, page), notices.last(work.session, account_id)
    return listed([_view(row, last) for row in found.data], found.meta.count, page)


def show(work: UnitOfWork, account_id: int, channel_id: int) -> ChannelView | None:
    """Return a channel."""
    row = store.shelf.find(work.session, account_id, channel_id)
    return _view(row, notices.last(work.session, account_id)) if row else None


def create(
    work: UnitOfWork,
    account_id: int,
    new: NewChannel,
    *,
    actor_id: int | None,
    now: datetime,
    caller: AppriseChannel | None = None,
) -> ChannelView | Invalid:
    """Create a channel; the refusal of an address names its field and never quotes it."""
    checked = (caller or caller_of(work)).check(new.url)
    if checked.refusal:
        return invalid("url", checked.refusal)
    sealed = addresses.seal(new.url, work.settings.secret_key)
    values = {"name": new.name, "service": checked.service, "sealed": sealed, "created_at": now}
    row = audited_crud.add(work, account_id, CHANNEL, values, cause=ActorContext(actor_id=actor_id, now=now))
    if isinstance(row, Invalid):
        return row
    return _view(row, {})


def send_test(work: UnitOfWork, account_id: int, channel_id: int, *, now: datetime) -> NoticeResult | None:
    """Send a test to a channel, by the way of all notices."""
    if channel_id not in store.hold(work.session, account_id, [channel_id]):
        return None
    notice = notices.add_test(work.session, account_id, channel_id, now=now)
    work.notes.then(work.signals.send_notices)
    return notice


def remove(
    work: UnitOfWork, account_id: int, channel_id: int, *, actor_id: int | None, now: datetime
) -> ChannelRow | None:
    """Remove a channel from its rules, with its notices."""
    before = store.shelf.lock(work.session, account_id, channel_id)
    if before is None:
        return None
    store.leave_rules(work.session, account_id, channel_id)
    audited_crud.remove(work, account_id, CHANNEL, before, cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return before


def _view(row: ChannelRow, last: Mapping[int, NoticeResult]) -> ChannelView:
    return ChannelView(**json_row(row), last=last.get(row.id))  # type: ignore[arg-type]
