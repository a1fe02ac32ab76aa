"""The port to a helpdesk: its values in the project's words, and the calls that every adapter answers.

An adapter translates; it decides nothing, keeps nothing, and reads no clock. Ids of the helpdesk are text.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from dashboard.engine.model import Presence
from dashboard.helpdesks.values import (
    AboutHelpdesk,
    AssignAnswer,
    Check,
    ConversationKey,
    Features,
    HelpdeskConversation,
    HelpdeskInbox,
    HelpdeskPage,
    HelpdeskTeam,
    HistoryPage,
    NoteSetting,
    Setup,
    WebhookHint,
    WebhookMade,
)


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


class Helpdesk(Protocol):
    """One helpdesk. Every call may raise HelpdeskUnavailable or HelpdeskForbids, and leaves nothing half understood:

    an answer without a required value is HelpdeskUnavailable, never an empty list.
    """

    features: Features

    def about(self) -> AboutHelpdesk:
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
