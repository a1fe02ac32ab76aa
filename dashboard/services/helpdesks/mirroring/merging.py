"""A mirrored conversation after a reading: pure, from values to values. The helpdesk decides all but an open write."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto

from dashboard.engine.model import Awaiting, Hold, Status
from dashboard.helpdesks.values import HelpdeskConversation
from dashboard.services.conversations.transitions import Transition
from dashboard.services.helpdesks.mirroring import translation
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks.links import LinkRow, Mirrored
from dashboard.store.helpdesks.writing.open_writes import OpenWrite
from dashboard.store.ledger.ledger import AssignmentSource
from dashboard.store.models.helpdesk_writes import WriteKind

# A person's release in the helpdesk stands this long, or until the customer's next message (C15).
HANDS_OFF_FOR = timedelta(minutes=10)
# After this, another owner there counts as the newer choice, whatever the helpdesk's own time of the change.
BY_HAND_STANDS_FOR = timedelta(seconds=60)


class WriteFate(Enum):
    """The outcome of an unconfirmed write, by a reading.

    It stays open, it is there, somebody decided before it, or somebody chose otherwise after it.
    """

    OPEN = auto()
    THERE = auto()
    LOST = auto()
    REPLACED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedReading:
    """The conversation and its link after a reading; `fate` is None without an unconfirmed write."""

    step: Transition
    link: LinkRow
    fate: WriteFate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The context of a reading: the link after it, the unconfirmed write, the instant of its request, and now.

    `wrote_at` is the customer's message that a webhook told, by the helpdesk's clock.
    """

    link: LinkRow
    write: OpenWrite | None
    asked_at: datetime
    now: datetime
    wrote_at: datetime | None = None


def merge(before: Mirrored, reading: HelpdeskConversation, view: MirrorView, news: News) -> MergedReading:
    """Return the conversation, its link and its write's outcome after the reading."""
    fate = fate_of(news.write, reading, view, asked_at=news.asked_at) if news.write else None
    row = _theirs(before.row, reading, view)
    if fate is WriteFate.OPEN:
        row = replace(row, assignee_id=before.row.assignee_id, status=reading.status)
    released = fate is not WriteFate.OPEN and _is_released_there(before, reading)
    is_release = row.assignee_id is None and before.row.assignee_id is not None
    why = _why(before, view) if is_release and released else None
    if fate is WriteFate.LOST and is_release and not released:
        why = AssignmentSource.LOST_RACE
    if released and why is None:
        row = replace(row, held_until=news.now + HANDS_OFF_FOR, held_for=Hold.HANDS_OFF)
    else:
        row = _held(before.row, row, _Wait(reading=reading, view=view, news=news))
    since = translation.waiting_since(reading, view, news.now) if row.is_waiting else None
    return MergedReading(step=Transition(row, why, since), link=news.link, fate=fate)


def fate_of(write: OpenWrite, reading: HelpdeskConversation, view: MirrorView, *, asked_at: datetime) -> WriteFate:
    """Return the outcome of a write by this reading (C13, C14)."""
    target = target_of(write, view)
    if reading.assignee_id == target and reading.taken == (target is not None):
        return WriteFate.THERE
    if write.written_at is not None:
        return WriteFate.REPLACED if asked_at > write.written_at else WriteFate.OPEN
    if write.kind is WriteKind.CLAIM and not (reading.waits and reading.team_id == write.expected_team):
        return WriteFate.LOST
    if write.kind is WriteKind.RELEASE and reading.assignee_id != write.expected_assignee:
        return WriteFate.LOST
    if write.kind is WriteKind.BY_HAND and _is_chosen_later(write, reading, view, asked_at):
        return WriteFate.LOST
    return WriteFate.OPEN


def _is_chosen_later(write: OpenWrite, reading: HelpdeskConversation, view: MirrorView, asked_at: datetime) -> bool:
    """Return whether somebody there chose another owner after the choice made here, which waited to be written."""
    if reading.assignee_id == write.expected_assignee:
        return False
    is_old = reading.taken and asked_at > write.at + BY_HAND_STANDS_FOR
    return is_old or view.here(reading.updated_at) > write.at


def target_of(write: OpenWrite, view: MirrorView) -> str | None:
    """Return the helpdesk's id of the write's assignee, None for nobody."""
    return write.expected_assignee if write.kind is WriteKind.PUT_BACK else external_agent(view, write.agent_id)


def external_agent(view: MirrorView, agent_id: int | None) -> str | None:
    """Return the helpdesk's id of an agent here."""
    links = view.directory.agents.values()
    return next((link.external_id for link in links if agent_id is not None and link.agent_id == agent_id), None)


def _theirs(row: ConversationRow, reading: HelpdeskConversation, view: MirrorView) -> ConversationRow:
    status = translation.status_of(reading, view)
    return replace(
        row,
        inbox_id=view.directory.inbox_id(reading.inbox_id) or row.inbox_id,
        team_id=view.directory.team_id(reading.team_id),
        status=status,
        priority=reading.priority,
        assignee_id=None if status is Status.PENDING else view.directory.agent_id(reading.assignee_id),
        labels=row.labels if reading.labels is None else reading.labels,
        subject=translation.subject_of(reading, view),
        last_activity_at=view.here(reading.last_activity_at),
        awaiting=reading.awaiting or row.awaiting,
        replied_at=_replied_at(row, reading, view),
        snoozed_until=None,  # the helpdesk ends its snoozes
    )


def _replied_at(row: ConversationRow, reading: HelpdeskConversation, view: MirrorView) -> datetime | None:
    """Return the agent's last message, as far as a reading shows it: the last activity, if the customer is next."""
    at = view.here(reading.last_activity_at)
    if (reading.awaiting or row.awaiting, at) == (row.awaiting, row.last_activity_at):
        return row.replied_at
    if reading.awaiting is Awaiting.CUSTOMER:
        return at
    first_at = reading.first_reply_at
    return row.replied_at or (view.here(first_at) if first_at else None)


def _is_released_there(before: Mirrored, reading: HelpdeskConversation) -> bool:
    """Return whether somebody there took it from the agent of an earlier reading."""
    return before.link.assignee is not None and before.row.assignee_id is not None and reading.waits


def _why(before: Mirrored, view: MirrorView) -> AssignmentSource | None:
    """Return the rule behind a release that nobody decided: its agent is gone there, or left the inbox."""
    link = view.directory.agents.get(before.link.assignee or "")
    return AssignmentSource.LEFT_INBOX if link is None or not link.active else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """The inputs of a hold."""

    reading: HelpdeskConversation
    view: MirrorView
    news: News


def _held(before: ConversationRow, row: ConversationRow, wait: _Wait) -> ConversationRow:
    """Return the row with the hold that runs respect: a person decided there, or it has not settled yet (C11, C15)."""
    news = wait.news
    if not row.is_waiting:
        stays = before.held_for is Hold.HANDS_OFF and row.status is not Status.RESOLVED  # until resolved or released
        return row if stays else replace(row, held_until=None, held_for=None)
    if before.held_for is Hold.HANDS_OFF and before.held_until and not _customer_wrote(before, wait):
        return row
    until = translation.settles_at(wait.reading, wait.view, seen_waiting_at=news.link.seen_waiting_at or news.now)
    if until <= news.now:
        return replace(row, held_until=None, held_for=None)
    return replace(row, held_until=until, held_for=Hold.SETTLING)


def _customer_wrote(before: ConversationRow, wait: _Wait) -> bool:
    """Return whether the customer has written since the person's release, or begun to wait anew."""
    if before.held_until is None:
        return False
    told = [at for at in (wait.reading.waiting_since, wait.news.wrote_at) if at is not None]
    return any(wait.view.here(at) > before.held_until - HANDS_OFF_FOR for at in told)
