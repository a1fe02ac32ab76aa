"""A helpdesk's reading in the words of this side: pure, from values to values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dashboard.engine.model import Status
from dashboard.helpdesks.values import HelpdeskConversation
from dashboard.store.conversations.contacts import ContactDraft
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.directory import Directory
from dashboard.store.helpdesks.links import LinkRow

# New conversations are decided after a pause without changes, so that rules over there have settled (C11).
SETTLES_WITHIN = timedelta(seconds=10)
# No call takes longer.
OVERLAPS_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorView:
    """A connection with its directory, as one job sees it."""

    connection: ConnectionRow
    directory: Directory

    def here(self, at: datetime) -> datetime:
        """Return an instant of the helpdesk's clock by ours."""
        return at - self.connection.ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """When a reading began, by our clock, why it was made, and whether its differences are repairs (C8).

    `wrote` has the instants of customers' messages that webhooks told, by the helpdesk's clock and id.
    """

    at: datetime
    cause: str
    is_repair: bool = False
    wrote: Mapping[str, datetime] = field(default_factory=dict)


def status_of(reading: HelpdeskConversation, view: MirrorView) -> Status:
    """Return the status here: pending if the owner is no agent here, or if the conversation left our inboxes."""
    if reading.status is not Status.OPEN:
        return reading.status
    if view.directory.inbox_id(reading.inbox_id) is None:
        return Status.PENDING
    is_foreign = reading.taken and view.directory.agent_id(reading.assignee_id) is None
    return Status.PENDING if is_foreign else Status.OPEN


def contact_of(reading: HelpdeskConversation, view: MirrorView) -> ContactDraft | None:
    """Return the contact: its identifier, and its name only if names are kept (C5)."""
    if not reading.contact:
        return None
    return ContactDraft(identifier=reading.contact, name=reading.contact_name if view.connection.keep_names else None)


def subject_of(reading: HelpdeskConversation, view: MirrorView) -> str | None:
    """Return the subject, only if names are kept."""
    return reading.subject if view.connection.keep_names else None


def waiting_since(reading: HelpdeskConversation, view: MirrorView, now: datetime) -> datetime:
    """Return the beginning of the wait: the first customer message without an answer, as far as it is told."""
    return min(view.here(reading.waiting_since or reading.created_at), now)


def settles_at(reading: HelpdeskConversation, view: MirrorView, *, seen_waiting_at: datetime) -> datetime:
    """Return the instant after which a newly waiting conversation may be decided."""
    quiet = timedelta(seconds=view.connection.quiet_seconds)
    if not quiet:
        return seen_waiting_at
    return min(view.here(reading.updated_at) + quiet, seen_waiting_at + max(SETTLES_WITHIN, quiet))


def link_of(
    reading: HelpdeskConversation, view: MirrorView, asked: Asked, *, conversation_id: int, before: LinkRow | None
) -> LinkRow:
    """Return the link after this reading."""
    return LinkRow(
        account_id=view.connection.account_id,
        connection_id=view.connection.id,
        external_id=reading.id,
        display_id=reading.display_id,
        conversation_id=conversation_id,
        inbox_external_id=reading.inbox_id,
        status=reading.status,
        assignee=reading.assignee_id,
        taken=reading.taken,
        updated_at=reading.updated_at,
        asked_at=max(asked.at, before.asked_at) if before else asked.at,
        seen_waiting_at=_seen_waiting(reading, view, asked, before),
    )


def is_older(reading: HelpdeskConversation, asked: Asked, link: LinkRow) -> bool:
    """Return whether a newer reading was applied already.

    The helpdesk's own time does not move with every change, and goes back with a restored backup. Of two calls at about
    the same time, the later one may have been answered first.
    """
    if reading.updated_at == link.updated_at:
        return asked.at < link.asked_at
    return reading.updated_at < link.updated_at and asked.at < link.asked_at + OVERLAPS_FOR


def _seen_waiting(
    reading: HelpdeskConversation, view: MirrorView, asked: Asked, before: LinkRow | None
) -> datetime | None:
    """Return since when it has been seen waiting. A new one counts from its creation: it may be old news."""
    if not reading.waits:
        return None
    if before is None:
        return min(view.here(reading.created_at), asked.at)
    return before.seen_waiting_at or asked.at
