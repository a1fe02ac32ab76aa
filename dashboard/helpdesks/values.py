"""The values that pass between a helpdesk and this side, in the project's words. Ids of the helpdesk are text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dashboard.engine.model import Awaiting, Status


class HelpdeskKind(StrEnum):
    """The helpdesks with an adapter."""

    CHATWOOT = "chatwoot"
    LIBREDESK = "libredesk"
    RT = "rt"


class NoteSetting(StrEnum):
    """How a confirmed assignment is explained in the helpdesk (C17)."""

    OFF = "off"
    NOTE = "note"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """The features of a helpdesk. `presence_every` is the pause between presence readings; None without presence."""

    webhooks: bool
    presence_every: timedelta | None
    reads_changes: bool
    has_inbox_members: bool
    note_kinds: frozenset[NoteSetting]
    # Readings of `offline` in a row before it counts (C10).
    offline_readings: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of a connection: its finding, and its remedy unless `ok`, in the words of the helpdesk's screens."""

    check: str
    ok: bool
    sentence: str
    fix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutHelpdesk:
    """The identity of the other side: its version, the id of the user or bot that we act as, and its clock."""

    version: str | None
    own_id: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskInbox:
    """An inbox (rt: a queue). `own_assignment`: the helpdesk assigns there by itself; None if it has no such switch.

    `member_ids` is None where the helpdesk has no inbox members: then all members of teams and groups may take it.
    """

    id: str
    name: str
    channel: str | None = None
    own_assignment: bool | None = None
    member_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskAgent:
    """A person with the right to answer there. Adapters leave out bots, service users and `System`."""

    id: str
    name: str
    email: str | None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskTeam:
    """A team (rt: a user-defined group). `member_ids` is None if the credentials may not read it."""

    id: str
    name: str
    own_assignment: bool | None = None
    member_ids: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A complete reading of everything but conversations. `marks` changes when it is worth reading again, else None."""

    inboxes: Sequence[HelpdeskInbox]
    agents: Sequence[HelpdeskAgent]
    teams: Sequence[HelpdeskTeam]
    labels: Sequence[str] = ()
    marks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskConversation:
    """A conversation as the helpdesk has it now.

    `id` is the stable id, `display_id` the one that people see. `assignee_id` is the owning agent; `taken` is true also
    for another owner, such as a bot. `version` is an ETag for a write that compares, where there is one.
    `waiting_since` is the first customer message without an answer; None if the helpdesk lacks it.
    `labels` is None where a list lacks them; the mirror then keeps its own. Times are aware.
    """

    id: str
    display_id: str
    inbox_id: str
    status: Status
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    assignee_id: str | None = None
    taken: bool = False
    team_id: str | None = None
    priority: int | None = None
    labels: tuple[str, ...] | None = None
    contact: str | None = None
    contact_name: str | None = None
    subject: str | None = None
    waiting_since: datetime | None = None
    first_reply_at: datetime | None = None
    snoozed_until: datetime | None = None
    awaiting: Awaiting | None = None
    version: str | None = None

    @property
    def waits(self) -> bool:
        """Return whether it is open and nobody's, of any type (C11)."""
        return self.status is Status.OPEN and not self.taken


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationKey:
    """How a conversation is addressed; each adapter takes the id that its calls need."""

    id: str
    display_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpdeskPage:
    """A page of a list, oldest first. `next` resumes after it, None at the end; `total` is unknown to some."""

    conversations: Sequence[HelpdeskConversation]
    next: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignAnswer:
    """The helpdesk's answer to an assignment: the owner that it names, or that it compared and refused, or why not.

    `changed` is a failed comparison (412). `refusal` is a sentence that a person must act on, such as a missing right.
    """

    assignee_id: str | None = None
    changed: bool = False
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookMade:
    """A webhook at the helpdesk, with the secret that it signs with; None if it does not sign."""

    id: str
    secret: str | None


# No id of an agent: ids are numbers.
CUSTOMER = "customer"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHint:
    """The stored part of a webhook: never state, only the conversation to read, and evidence of a changed owner.

    `id` or `display_id` name the conversation, as this helpdesk's webhooks do; neither if it concerns none.
    `owner_changed` is true if the webhook shows a changed owner; `before` is None where it lacks the old one.
    `actor_id` of a customer's own message is CUSTOMER, and `at` is then the instant of the message.
    """

    event: str
    id: str | None = None
    display_id: str | None = None
    at: datetime | None = None
    actor_id: str | None = None
    owner_changed: bool = False
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastConversation:
    """A conversation of the past, for back-tests (C24); a value that the helpdesk lacks is None, never guessed."""

    id: str
    display_id: str
    inbox_id: str | None
    created_at: datetime
    team_id: str | None = None
    labels: tuple[str, ...] = ()
    priority: int | None = None
    contact: str | None = None
    assigned_at: datetime | None = None
    assignee_id: str | None = None
    first_reply_at: datetime | None = None
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of the past, oldest first; `next` resumes after it, None at the end."""

    conversations: Sequence[PastConversation]
    next: str | None = None
