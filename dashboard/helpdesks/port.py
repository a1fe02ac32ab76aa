"""The port to a helpdesk: its values in the project's words, and the calls that every adapter answers.

An adapter translates; it decides nothing, keeps nothing, and reads no clock. Ids of the helpdesk are text.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from dashboard.engine.model import Awaiting, Presence, Status


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


class HelpdeskUnavailable(Exception):
    """The helpdesk did not answer, or not with sense: time-out, 5xx, 429, not JSON. Whether a write happened is open.

    `retry_at` is the first instant at which another call may be made, if the helpdesk or the breaker named one.
    """

    def __init__(self, sentence: str, *, retry_at: datetime | None = None) -> None:
        super().__init__(sentence)
        self.sentence, self.retry_at = sentence, retry_at


class HelpdeskForbids(Exception):
    """The helpdesk refuses the credentials, or a right is missing (401, 403): a person must act. `fix` tells how."""

    def __init__(self, sentence: str, *, fix: str) -> None:
        super().__init__(sentence)
        self.sentence, self.fix = sentence, fix


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
class HelpdeskFacts:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookHint:
    """The stored part of a webhook: never state, only the conversation to read, and evidence of a changed owner.

    `id` or `display_id` name the conversation, as this helpdesk's webhooks do; neither if it concerns none.
    `owner_changed` is true if the webhook shows a changed owner; `before` is None where it lacks the old one.
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


class Helpdesk(Protocol):
    """One helpdesk. Every call may raise HelpdeskUnavailable or HelpdeskForbids, and leaves nothing half understood:

    an answer without a required value is HelpdeskUnavailable, never an empty list.
    """

    features: Features

    def about(self) -> HelpdeskFacts:
        """Return version, own id and clock, in as few calls as possible."""

    def check(self) -> Sequence[Check]:
        """Check version, clock, rights and the features with a missing right; a failed check is a value."""

    def url_of(self, key: ConversationKey) -> str:
        """Return the address at which people open the conversation there."""

    def read_setup(self, groups: Mapping[str, str]) -> Setup:
        """Read inboxes, agents, members, teams and labels, all of them or raise.

        `groups` maps an inbox id to the group that may take its conversations, where inboxes have no members (rt).
        """

    def setup_marks(self) -> str | None:
        """Return the cheap mark that changes with the set-up; None if the helpdesk has none."""

    def read_open(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read a page of all open conversations of these inboxes, assigned or not, oldest first."""

    def read_waiting(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read a page of the open conversations without an assignee, oldest first."""

    def read_changed(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HelpdeskPage:
        """Read a page of the conversations changed since, in any status; only with `features.reads_changes`."""

    def read_one(self, key: ConversationKey) -> HelpdeskConversation | None:
        """Read one conversation; None if it does not exist (404)."""

    def read_presence(self) -> Mapping[str, Presence]:
        """Read the presence of all agents, by agent id; only with `features.presence_every`."""

    def assign(self, seen: HelpdeskConversation, agent_id: str | None) -> AssignAnswer:
        """Give the conversation to this agent, or to nobody, if it is still as `seen` where the helpdesk compares."""

    def note(self, key: ConversationKey, sentence: str, link: str, kind: NoteSetting) -> None:
        """Add a private note, or merge our attribute without replacing others'."""

    def make_webhook(self, url: str, secret: str) -> WebhookMade:
        """Create the webhook; `secret` is used where the caller chooses it."""

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove the webhook; one that does not exist is removed."""

    def verify(
        self, headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime, ahead: timedelta
    ) -> bool:
        """Return whether the helpdesk signed this body within five minutes, in constant time; True if it cannot sign.

        `ahead` is by how much the helpdesk's clock is ahead of `now`. Header names are lower-case.
        """

    def read_webhook(self, headers: Mapping[str, str], body: Mapping[str, object]) -> WebhookHint:
        """Return the hint of the webhook; the hint of an unknown event is empty. Raises ValueError for no webhook."""

    def set_own_assignment(self, inbox: HelpdeskInbox, teams: Sequence[HelpdeskTeam], *, on: bool) -> None:
        """Switch the helpdesk's own assignment in this inbox, and in these teams."""

    def read_history(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HistoryPage:
        """Read a page of conversations since then, ended ones too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer: its status, JSON body (None without one), headers by lower-case name, and the Date header."""

    status: int
    json: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None


class HelpdeskHttp(Protocol):
    """HTTP to one helpdesk: checked address, time-outs, limiter, breaker and retries of repeatable calls.

    Raises HelpdeskUnavailable for time-outs, 5xx, 429, a redirect to another host, an answer over 10 MiB, and a 2xx
    that should be JSON and is not. Returns every other status, 401 to 422 too, for the adapter to judge.
    """

    base_url: str

    def get(
        self,
        path: str,
        params: Mapping[str, str | int] | Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a GET; it is retried."""

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a write once, with a JSON body (text as text/plain); it is never retried."""
