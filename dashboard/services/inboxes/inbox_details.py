"""An inbox's page: switches, members with presence, limits, waiting conversations and last runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from dashboard.engine import planner
from dashboard.engine.decisions import Reason
from dashboard.engine.model import Presence
from dashboard.services.board import unattended
from dashboard.services.board.unattended import Unattended
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.explanations import waiting_list
from dashboard.services.explanations.waiting_list import WaitingReason
from dashboard.services.inboxes import inboxes, opening
from dashboard.services.inboxes.inboxes import InboxRow
from dashboard.services.inboxes.opening import Opening
from dashboard.store.assignment.run_history import run_pages
from dashboard.store.assignment.run_history.run_pages import RunPageRow
from dashboard.store.conversations import list_page
from dashboard.store.conversations.list_page import ConversationLine, ConversationListFilter
from dashboard.store.core.errors import StoreUnavailable
from dashboard.store.core.page_values import Choice
from dashboard.store.core.paging import Listed, Page, PageMeta
from dashboard.store.inboxes import choices, inbox_page
from dashboard.store.inboxes import inboxes as inboxes_store
from dashboard.store.inboxes import routing as inbox_routing
from dashboard.store.inboxes.choices import NamedChoice
from dashboard.store.inboxes.inbox_page import LimitLine, MemberRow
from dashboard.store.policies import assignment_policies
from dashboard.store.policies.assignment_policies import PolicyRow
from dashboard.store.redis.heartbeats import presence_of

log = structlog.get_logger()
MEMBERS, QUEUE, RUNS = 50, 25, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDetailsLine:
    """An inbox in the list: the name of its policy, and the reason of a pause or None."""

    inbox: InboxRow
    policy_name: str | None
    off: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member with presence, None if Redis cannot be read."""

    row: MemberRow
    presence: Presence | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxDetails:
    """All values of an inbox's page."""

    inbox: InboxRow
    account_is_on: bool
    opening: Opening | None
    policy: PolicyRow | None
    off: Reason | None
    members: Listed[Member]
    limits: Sequence[LimitLine]
    queue: Sequence[ConversationLine]
    reasons: Mapping[int, WaitingReason]
    unattended: Unattended | None
    runs: Sequence[RunPageRow]
    policies: Sequence[Choice]
    names: Sequence[NamedChoice]
    inboxes: int
    can_be_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxList:
    """A page of the account's inboxes."""

    lines: Sequence[InboxDetailsLine]
    meta: PageMeta


def show_all(work: UnitOfWork, account_id: int, page: Page, *, now: datetime) -> InboxList:
    """Return a page of inboxes with their policies and switches."""
    found = inboxes.show_all(work, account_id, page)
    routings = {
        one.inbox.id: one for one in inbox_routing.read_many(work.session, account_id, [row.id for row in found.data])
    }
    lines = [_line(row, routings[row.id], now) for row in found.data if row.id in routings]
    return InboxList(lines=lines, meta=found.meta)


def show(work: UnitOfWork, account_id: int, inbox_id: int, *, page: int, now: datetime) -> InboxDetails | None:
    """Return the inbox with one page of its members, None for an unknown inbox."""
    inbox, routing = inboxes.show(work, account_id, inbox_id), inbox_routing.read(work.session, account_id, inbox_id)
    if inbox is None or routing is None:
        return None
    session, asked = work.session, ConversationListFilter(waiting=True, inbox_id=inbox_id)
    queue = list_page.page_of(session, account_id, asked, Page(per_page=QUEUE)).data
    return InboxDetails(
        inbox=inbox,
        account_is_on=routing.inbox.assignment_v2,
        opening=opening.of(inbox.business_hours, now=now),
        policy=assignment_policies.of_inbox(session, account_id, inbox_id),
        off=planner.switched_off(routing.inbox, routing.policy, now),
        members=_members(work, account_id, inbox_id, Page(page=page, per_page=MEMBERS), now=now),
        limits=inbox_page.limits(session, account_id, inbox_id),
        queue=queue,
        reasons=waiting_list.of(work, account_id, queue, now=now),
        unattended=unattended.of_inbox(work, account_id, inbox_id, now=now),
        runs=run_pages.of_inbox(session, account_id, inbox_id, RUNS),
        policies=choices.policies(session, account_id),
        names=choices.called(session, account_id),
        inboxes=choices.count_inboxes(session, account_id),
        can_be_deleted=not inboxes_store.has_conversations(session, inbox_id),
    )


def _line(row: InboxRow, routing: inbox_routing.Routing, now: datetime) -> InboxDetailsLine:
    name = routing.policy.name if routing.policy else None
    off = planner.switched_off(routing.inbox, routing.policy, now)
    return InboxDetailsLine(inbox=row, policy_name=name, off=off)


def _members(work: UnitOfWork, account_id: int, inbox_id: int, page: Page, *, now: datetime) -> Listed[Member]:
    found = inbox_page.members(work.session, account_id, inbox_id, page)
    try:
        heard = work.heartbeats.present(account_id, [row.id for row in found.data], now)
    except StoreUnavailable as error:
        log.warning("presence_unreadable", account=account_id, inbox=inbox_id, error=str(error))
        return Listed(data=tuple(Member(row=row, presence=None) for row in found.data), meta=found.meta)
    return Listed(data=tuple(_member(row, heard=row.id in heard) for row in found.data), meta=found.meta)


def _member(row: MemberRow, *, heard: bool) -> Member:
    word = presence_of(availability=row.availability, auto_offline=row.auto_offline, heard=heard)
    return Member(row=row, presence=word)
