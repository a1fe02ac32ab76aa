"""An inbox in full: its four switches, its members with their presence, its limits, its queue, its last runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dashboard.engine import planner
from dashboard.engine.decisions import Reason
from dashboard.engine.model import Presence
from dashboard.services.conversations import unattended
from dashboard.services.conversations.unattended import Unattended
from dashboard.services.core.unit_of_work import Desk
from dashboard.services.explanations import waiting_list
from dashboard.services.explanations.waiting_list import Because
from dashboard.services.inboxes import inboxes
from dashboard.services.inboxes.inboxes import InboxRow
from dashboard.store import inboxes as inboxes_store
from dashboard.store import policies, switches
from dashboard.store.errors import StoreUnavailable
from dashboard.store.pages import choices, conversation_lists, inbox_details, runs
from dashboard.store.pages.choices import Named
from dashboard.store.pages.common import Choice
from dashboard.store.pages.conversation_lists import Asked, Line
from dashboard.store.pages.inbox_details import LimitLine, MemberRow
from dashboard.store.pages.runs import RunRow
from dashboard.store.paging import Listed, Meta, Page
from dashboard.store.policies import PolicyRow
from dashboard.store.presence import presence_of

log = structlog.get_logger()
MEMBERS, QUEUE, RUNS = 50, 25, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxLine:
    """An inbox in the list: what its policy is called, and which switch is off, if one is."""

    inbox: InboxRow
    policy_name: str | None
    off: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member with their presence, None while it cannot be read."""

    row: MemberRow
    presence: Presence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDetails:
    """All that an inbox's page shows."""

    inbox: InboxRow
    account_is_on: bool
    policy: PolicyRow | None
    off: Reason | None
    members: Listed[Member]
    limits: Sequence[LimitLine]
    queue: Sequence[Line]
    reasons: Mapping[int, Because]
    unattended: Unattended | None
    runs: Sequence[RunRow]
    policies: Sequence[Choice]
    names: Sequence[Named]
    inboxes: int
    can_be_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxList:
    """A page of the account's inboxes."""

    lines: Sequence[InboxLine]
    meta: Meta


def show_all(desk: Desk, account_id: int, page: Page) -> InboxList:
    """Return a page of inboxes with their policies and switches."""
    found = inboxes.show_all(desk, account_id, page)
    routings = {
        one.inbox.id: one for one in switches.read_many(desk.session, account_id, [row.id for row in found.data])
    }
    lines = [_line(row, routings[row.id]) for row in found.data if row.id in routings]
    return InboxList(lines=lines, meta=found.meta)


def show(desk: Desk, account_id: int, inbox_id: int, *, page: int, now: datetime) -> InboxDetails | None:
    """Return the inbox, and a page of its members."""
    inbox, routing = inboxes.show(desk, account_id, inbox_id), switches.read(desk.session, account_id, inbox_id)
    if inbox is None or routing is None:
        return None
    session, asked = desk.session, Asked(waiting=True, inbox_id=inbox_id)
    queue = conversation_lists.page_of(session, account_id, asked, Page(per_page=QUEUE)).data
    return InboxDetails(
        inbox=inbox,
        account_is_on=routing.inbox.assignment_v2,
        policy=policies.of_inbox(session, account_id, inbox_id),
        off=planner.switched_off(routing.inbox, routing.policy),
        members=_members(desk, account_id, inbox_id, Page(page=page, per_page=MEMBERS), now=now),
        limits=inbox_details.limits(session, account_id, inbox_id),
        queue=queue,
        reasons=waiting_list.of(desk, account_id, queue, now=now),
        unattended=unattended.of_inbox(desk, account_id, inbox_id, now=now),
        runs=runs.of_inbox(session, account_id, inbox_id, RUNS),
        policies=choices.policies(session, account_id),
        names=choices.called(session, account_id),
        inboxes=choices.count_inboxes(session, account_id),
        can_be_deleted=not inboxes_store.has_conversations(session, inbox_id),
    )


def _line(row: InboxRow, routing: switches.Routing) -> InboxLine:
    name = routing.policy.name if routing.policy else None
    return InboxLine(inbox=row, policy_name=name, off=planner.switched_off(routing.inbox, routing.policy))


def _members(desk: Desk, account_id: int, inbox_id: int, page: Page, *, now: datetime) -> Listed[Member]:
    found = inbox_details.members(desk.session, account_id, inbox_id, page)
    try:
        heard = desk.heartbeats.present(account_id, [row.id for row in found.data], now)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, inbox=inbox_id, error=str(error))
        return Listed(data=tuple(Member(row=row, presence=None) for row in found.data), meta=found.meta)
    return Listed(data=tuple(_member(row, heard=row.id in heard) for row in found.data), meta=found.meta)


def _member(row: MemberRow, *, heard: bool) -> Member:
    word = presence_of(availability=row.availability, auto_offline=row.auto_offline, heard=heard)
    return Member(row=row, presence=word)
