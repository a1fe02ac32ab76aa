"""A helpdesk on paper: the port, answered from memory by the test's clock; a test delivers its webhooks or not."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dashboard.engine.model import Awaiting, Presence, Status
from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.helpdesks.values import (
    CUSTOMER,
    AboutHelpdesk,
    AssignAnswer,
    Check,
    ConversationKey,
    Features,
    HelpdeskAgent,
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
from tests.desks import NOON

PER_PAGE = 3
OWN_ID = "99"
FEATURES = Features(
    webhooks=True,
    presence_every=timedelta(seconds=20),
    reads_changes=True,
    has_inbox_members=True,
    note_kinds=frozenset({NoteSetting.NOTE}),
    offline_readings=2,
)


@dataclass(slots=True, kw_only=True)
class PaperHelpdesk:
    """Support and Sales, Mira, Nils and Olga; the acts of people over there; `hints` are the webhooks that they sent.

    `fails` is how many of the next calls fail. Our next assignment is refused with the sentence `refuses`, or made and
    not answered (`is_cut_off`), or comes after the acts of `before_assigning`. A page of what is open comes after those
    of `before_reading_open`.
    """

    now: datetime = NOON
    features: Features = FEATURES
    inboxes: dict[str, HelpdeskInbox] = field(default_factory=dict)
    agents: dict[str, HelpdeskAgent] = field(default_factory=dict)
    teams: dict[str, HelpdeskTeam] = field(default_factory=dict)
    presences: dict[str, Presence] = field(default_factory=dict)
    conversations: dict[str, HelpdeskConversation] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    hints: list[WebhookHint] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    marks: int = 1
    fails: int = 0
    refuses: str | None = None
    is_cut_off: bool = False
    before_assigning: list[Callable[[], object]] = field(default_factory=list)
    before_reading_open: list[Callable[[], object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Fill it with its people."""
        for number, name in enumerate(("Mira", "Nils", "Olga"), start=41):
            self.agents[str(number)] = HelpdeskAgent(id=str(number), name=name, email=f"{name.lower()}@shop.example")
            self.presences[str(number)] = Presence.ONLINE
        for number, name in (("1", "Support"), ("2", "Sales")):
            self.inboxes[number] = HelpdeskInbox(id=number, name=name, member_ids=frozenset(self.agents))
        self.teams["7"] = HelpdeskTeam(id="7", name="returns", member_ids=frozenset({"41", "42"}))

    # What people do there.

    def starts(self, number: int, *, inbox_id: str = "1", contact: str | None = None) -> None:
        """Let a customer write a new conversation."""
        one = HelpdeskConversation(
            id=f"u-{number}",
            display_id=str(number),
            inbox_id=inbox_id,
            status=Status.OPEN,
            created_at=self.now,
            updated_at=self.now,
            last_activity_at=self.now,
            waiting_since=self.now,
            labels=(),
            contact=contact or f"customer-{number}",
            awaiting=Awaiting.AGENT,
        )
        self.conversations[one.id] = one
        self.hints.append(WebhookHint(event="conversation_created", id=one.id, display_id=one.display_id))

    def change(self, number: int, **values: object) -> None:
        """Change a conversation, and send a webhook."""
        before = self.conversations[f"u-{number}"]
        after = replace(before, updated_at=self.now, last_activity_at=self.now, **values)  # type: ignore[arg-type]
        self.conversations[before.id] = after
        moved = after.assignee_id != before.assignee_id
        hint = WebhookHint(
            event="conversation_updated",
            id=before.id,
            display_id=before.display_id,
            owner_changed=moved,
            before=before.assignee_id,
            after=after.assignee_id,
        )
        self.hints.append(hint)

    def give(self, number: int, agent_id: str | None) -> None:
        """Let a person there assign it, or release it."""
        self.change(number, assignee_id=agent_id, taken=agent_id is not None)

    def bot_takes(self, number: int) -> None:
        """Let a bot own it."""
        self.change(number, assignee_id=None, taken=True)

    def customer_writes(self, number: int) -> None:
        """Let the customer write once more, who has waited already."""
        self.change(number)
        hint = replace(self.hints[-1], event="message_created", actor_id=CUSTOMER, at=self.now)
        self.hints.append(hint)

    def silently(self, number: int, **values: object) -> None:
        """Change it so that neither a webhook nor its own time tells."""
        before = self.conversations[f"u-{number}"]
        self.conversations[before.id] = replace(before, **values)  # type: ignore[arg-type]

    def delete(self, number: int) -> None:
        """Delete it, which no webhook tells."""
        del self.conversations[f"u-{number}"]

    # The port.

    def about(self) -> AboutHelpdesk:
        """Tell version and clock."""
        return AboutHelpdesk(version="1.0", own_id=OWN_ID, at=self.now)

    def check(self) -> Sequence[Check]:
        """Tell that all is well."""
        return [Check(check="reachable", ok=True, sentence="It answers.")]

    def url_of(self, key: ConversationKey) -> str:
        """Return where people open it."""
        return f"https://shop.example/{key.display_id}"

    def read_setup(self, groups: Mapping[str, str]) -> Setup:
        """Return the set-up."""
        self._call("setup")
        return Setup(
            inboxes=list(self.inboxes.values()),
            agents=list(self.agents.values()),
            teams=list(self.teams.values()),
            labels=self.labels,
            marks=str(self.marks),
        )

    def setup_marks(self) -> str | None:
        """Return the marks."""
        self._call("marks")
        return str(self.marks)

    def read_open(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Return a page of what is open."""
        self._call("open")
        while self.before_reading_open:
            self.before_reading_open.pop()()
        return self._page([one for one in self._of(inbox_ids) if one.status is Status.OPEN], after)

    def read_waiting(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Return a page of what waits."""
        self._call("waiting")
        return self._page([one for one in self._of(inbox_ids) if one.waits], after)

    def read_changed(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HelpdeskPage:
        """Return a page of what changed."""
        self._call("changed")
        return self._page([one for one in self._of(inbox_ids) if one.updated_at >= since], after)

    def read_one(self, key: ConversationKey) -> HelpdeskConversation | None:
        """Return one conversation."""
        self._call("one")
        return self.conversations.get(key.id)

    def read_presence(self) -> Mapping[str, Presence]:
        """Return who is present."""
        self._call("presence")
        return dict(self.presences)

    def assign(self, seen: HelpdeskConversation, agent_id: str | None) -> AssignAnswer:
        """Assign it without any condition, as helpdesks do; somebody may act just before."""
        self._call("assign")
        if self.refuses:
            return AssignAnswer(refusal=self.refuses)
        for act in self.before_assigning:
            act()
        self.before_assigning.clear()
        before = self.conversations[seen.id].assignee_id
        self.give(int(seen.display_id), agent_id)
        self.hints[-1] = replace(self.hints[-1], actor_id=OWN_ID, before=before)
        if self.is_cut_off:
            self.is_cut_off = False
            raise HelpdeskUnavailable("It did not answer in time.")
        return AssignAnswer(assignee_id=agent_id)

    def note(self, key: ConversationKey, sentence: str, link: str, kind: NoteSetting) -> None:
        """Take a note."""
        self._call("note")
        self.notes.append(f"{key.display_id}: {sentence}")

    def make_webhook(self, url: str, secret: str) -> WebhookMade:
        """Make a webhook."""
        return WebhookMade(id="5", secret=secret)

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove it."""

    def verify(
        self, headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime, ahead: timedelta
    ) -> bool:
        """Sign nothing."""
        return True

    def read_webhook(self, headers: Mapping[str, str], body: Mapping[str, object]) -> WebhookHint:
        """Read no body."""
        raise ValueError

    def set_own_assignment(self, inbox: HelpdeskInbox, teams: Sequence[HelpdeskTeam], *, on: bool) -> None:
        """Switch it."""
        self.inboxes[inbox.id] = replace(inbox, own_assignment=on)

    def read_history(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HistoryPage:
        """Have no past."""
        return HistoryPage(conversations=[])

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.fails:
            self.fails -= 1
            raise HelpdeskUnavailable("It does not answer.")

    def _of(self, inbox_ids: Collection[str]) -> list[HelpdeskConversation]:
        return [one for one in self.conversations.values() if one.inbox_id in inbox_ids]

    @staticmethod
    def _page(found: list[HelpdeskConversation], after: str | None) -> HelpdeskPage:
        rows = sorted((one for one in found if after is None or one.id > after), key=lambda one: one.id)
        page = rows[:PER_PAGE]
        return HelpdeskPage(conversations=page, next=page[-1].id if len(rows) > len(page) else None, total=len(found))
