"""Libredesk, 1.0 and newer, by its API: one installation is one account, and a conversation is addressed by its uuid.

No call lists the changed conversations, so the mirror reads all open ones instead.
"""

import hashlib
import hmac
import html
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dashboard.engine.model import Presence, Status
from dashboard.helpdesks.libredesk import checks
from dashboard.helpdesks.libredesk.api import (
    ASSIGN,
    NOTES,
    READ,
    READ_ALL,
    WEBHOOK_NAME,
    WEBHOOKS,
    LibredeskApi,
    NotThere,
    RefusedCall,
    data_of,
    is_uuid,
    understood,
)
from dashboard.helpdesks.libredesk.history import activities, past_of
from dashboard.helpdesks.libredesk.setup import MANUAL, ROUND_ROBIN, read_presence, read_setup, switch_assignment
from dashboard.helpdesks.libredesk.words import (
    FIRST,
    PAGE,
    STATUSES,
    Place,
    Row,
    category_of,
    conversation_of,
    hint_of,
    in_order,
    instant,
)
from dashboard.helpdesks.port import HelpdeskHttp, HelpdeskUnavailable
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
    PastConversation,
    Setup,
    WebhookHint,
    WebhookMade,
)

# `message.created` tells what has no event of its own: a customer who reopens, and a change of the team.
EVENTS = [
    "conversation.created",
    "conversation.assigned",
    "conversation.unassigned",
    "conversation.status_changed",
    "conversation.tags_changed",
    "message.created",
]
AGE = timedelta(minutes=5)
SIGNATURE = "x-libredesk-signature"
ATTRIBUTE = "evenhand"
# Each conversation of the past costs two calls more.
HISTORY_PAGE, MOST_INBOXES = 25, 100
NOT_MADE = "Libredesk did not create the webhook: it refuses the address, the name or the events."


class Libredesk:
    """The adapter. Credentials are `api_key` and `api_secret` of an agent that nobody works as."""

    features = Features(
        webhooks=True,
        presence_every=timedelta(seconds=45),
        reads_changes=False,
        has_inbox_members=False,
        note_kinds=frozenset(NoteSetting),
    )

    def __init__(self, http: HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self._api = LibredeskApi(http, credentials)

    def about(self) -> AboutHelpdesk:
        """Return version, own id and clock."""
        answer = self._api.answer("/agents/me")
        with understood("its agent"):
            own_id = str(data_of(answer)["id"])
        return AboutHelpdesk(version=checks.version_of(self._api), own_id=own_id, at=answer.at)

    def check(self) -> Sequence[Check]:
        """Check address, key, version, and each permission by trying it."""
        return checks.checks(self._api)

    def url_of(self, key: ConversationKey) -> str:
        """Return the address of the conversation in the list of all."""
        return f"{self._api.http.base_url.rstrip('/')}/inboxes/all/conversation/{key.id}"

    def read_setup(self, groups: Mapping[str, str]) -> Setup:
        """Read inboxes, agents, teams and tags; members only with the permission for them."""
        return read_setup(self._api)

    def setup_marks(self) -> str | None:
        """Return None: Libredesk has no such mark."""
        return None

    def read_open(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read a page of the open conversations, inbox by inbox."""
        return self._page(inbox_ids, after, unassigned=False)

    def read_waiting(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read a page of the open conversations without an assignee, inbox by inbox."""
        return self._page(inbox_ids, after, unassigned=True)

    def read_changed(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HelpdeskPage:
        """Raise: Libredesk cannot tell."""
        raise NotImplementedError("Libredesk does not tell what changed.")

    def read_one(self, key: ConversationKey) -> HelpdeskConversation | None:
        """Read one conversation; an id that is no uuid is nobody's."""
        raw = self._raw(key.id)
        if raw is None:
            return None
        with understood("a conversation"):
            category = raw.get("status_category") or self._categories()[raw["status"]]
            return conversation_of(raw, inbox_id=str(raw["inbox_id"]), status=STATUSES[category])

    def read_presence(self) -> Mapping[str, Presence]:
        """Read the presence of all agents; its words are Evenhand's. Before 2.3 it takes one call for each agent."""
        return read_presence(self._api)

    def assign(self, seen: HelpdeskConversation, agent_id: str | None) -> AssignAnswer:
        """Assign it to this agent, even if it has an owner: Libredesk compares nothing, its answer names no owner."""
        path = f"/conversations/{seen.id}/assignee/user"
        to = (path, {"assignee_id": int(agent_id)}) if agent_id is not None else (f"{path}/remove", None)
        try:
            done = self._api.send("PUT", *to, needs=ASSIGN)
        except NotThere:
            return AssignAnswer(changed=True)
        except RefusedCall as refused:
            return AssignAnswer(refusal=refused.sentence)
        if done is not True:
            raise HelpdeskUnavailable("Libredesk did not answer whether it assigned the conversation.")
        return AssignAnswer(assignee_id=agent_id)

    def note(self, key: ConversationKey, sentence: str, link: str, kind: NoteSetting) -> None:
        """Add a private note, or our attribute beside the others', which Libredesk would replace."""
        path = f"/conversations/{key.id}"
        if kind is NoteSetting.NOTE:
            none: list[str] = []
            message = {"message": note_text(sentence, link), "private": True, "sender_type": "agent"}
            unused = {"to": none, "cc": none, "bcc": none, "attachments": none, "mentions": none}
            self._api.send("POST", f"{path}/messages", {**message, **unused}, needs=NOTES)
        elif kind is NoteSetting.ATTRIBUTE:
            theirs = self._api.get(path, needs=READ)["custom_attributes"] or {}
            ours = {ATTRIBUTE: f"{sentence} {link}"}
            self._api.send("PUT", f"{path}/custom-attributes", {**theirs, **ours}, needs=READ)

    def make_webhook(self, url: str, secret: str) -> WebhookMade:
        """Create the webhook, or take the one with this address. A refusal comes with status 200, without an id."""
        body = {"name": WEBHOOK_NAME, "url": url, "events": EVENTS, "secret": secret, "is_active": True}
        with understood("its webhooks"):
            ours = [one["id"] for one in self._api.rows("/webhooks", needs=WEBHOOKS) if one["url"] == url]
        call = ("PUT", f"/webhooks/{ours[0]}") if ours else ("POST", "/webhooks")
        made = self._api.send(*call, body, needs=WEBHOOKS)
        if not isinstance(made, Mapping) or not made.get("id"):
            raise HelpdeskUnavailable(NOT_MADE)
        return WebhookMade(id=str(made["id"]), secret=secret)

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove the webhook."""
        try:
            self._api.send("DELETE", f"/webhooks/{webhook_id}", needs=WEBHOOKS)
        except NotThere:
            return

    def verify(
        self, headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime, ahead: timedelta
    ) -> bool:
        """Return whether it was signed with our secret; the time within the body is signed with it."""
        if not secret:
            return False
        if not hmac.compare_digest(signature_of(secret, body).encode(), headers.get(SIGNATURE, "").encode()):
            return False
        try:
            at = instant(json.loads(body)["timestamp"])
        except (KeyError, TypeError, ValueError):
            return False
        return abs(now + ahead - at) <= AGE

    def read_webhook(self, headers: Mapping[str, str], body: Mapping[str, object]) -> WebhookHint:
        """Return the hint of a webhook."""
        return hint_of(body)

    def set_own_assignment(self, inbox: HelpdeskInbox, teams: Sequence[HelpdeskTeam], *, on: bool) -> None:
        """Set the type of these teams. Until its next restart, Libredesk assigns for a team that was switched off."""
        for team in teams:
            switch_assignment(self._api, team.id, ROUND_ROBIN if on else MANUAL)

    def read_history(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HistoryPage:
        """Read a page of the past: a list, then each conversation with its activity."""
        begin = since.isoformat()
        place = Place.read(after) if after else _first(inbox_ids, begin)
        if place is None:
            return HistoryPage(conversations=())
        data = self._api.get("/conversations/all", place.params(HISTORY_PAGE), needs=READ_ALL)
        with understood("the past"):
            read = [self._past(item["uuid"]) for item in place.new_in(data)]
            after_it = place.beyond(data, inbox_ids, begin)
        return HistoryPage(
            conversations=[one for one in read if one is not None], next=after_it.written() if after_it else None
        )

    def _page(self, inbox_ids: Collection[str], after: str | None, *, unassigned: bool) -> HelpdeskPage:
        place = Place.read(after) if after else self._first_of_open(inbox_ids, unassigned=unassigned)
        if place is None:
            return HelpdeskPage(conversations=())
        data = self._api.get("/conversations/all", place.params(PAGE, unassigned=unassigned), needs=READ_ALL)
        with understood("conversations"):
            total = place.total if place.total is not None else data["total"]
            found = [self._listed(item, place.inbox) for item in place.new_in(data)]
            following = place.beyond(data, inbox_ids, FIRST)
        return HelpdeskPage(
            conversations=[one for one in found if one is not None],
            next=following.written() if following else None,
            total=total,
        )

    def _first_of_open(self, inbox_ids: Collection[str], *, unassigned: bool) -> Place | None:
        place = _first(inbox_ids, FIRST)
        if place is None:
            return None
        with understood("statuses"):
            statuses = [str(one["id"]) for one in self._api.rows("/statuses") if category_of(one) == "open"]
        if not statuses:
            raise HelpdeskUnavailable("Libredesk has no status of the category open.")
        place = replace(place, statuses=statuses)
        return replace(place, total=self._total(inbox_ids, place, unassigned=unassigned))

    def _total(self, inbox_ids: Collection[str], place: Place, *, unassigned: bool) -> int | None:
        """Return how many conversations all these inboxes have; None if one query cannot tell."""
        if len(inbox_ids) > MOST_INBOXES:
            return None
        params = place.params(1, unassigned=unassigned, inboxes=in_order(inbox_ids))
        with understood("conversations"):
            return int(self._api.get("/conversations/all", params, needs=READ_ALL)["total"])

    def _listed(self, item: Row, inbox_id: str) -> HelpdeskConversation | None:
        if "assigned_user_id" in item:
            return conversation_of(item, inbox_id=inbox_id, status=Status.OPEN)
        # Before 2.3 a list told no assignee.
        return self.read_one(ConversationKey(id=item["uuid"], display_id=""))

    def _raw(self, uuid: str) -> Row | None:
        if not is_uuid(uuid):
            return None
        try:
            raw: Row = self._api.get(f"/conversations/{uuid}", needs=READ)
        except NotThere:
            return None
        return raw

    def _categories(self) -> Mapping[str, str]:
        return {one["name"]: category_of(one) for one in self._api.rows("/statuses")}

    def _past(self, uuid: str) -> PastConversation | None:
        raw = self._raw(uuid)
        return None if raw is None else past_of(raw, list(activities(self._api, uuid))[::-1])


def signature_of(secret: str, body: bytes) -> str:
    """Return the header's value with which Libredesk signs a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def note_text(sentence: str, link: str) -> str:
    """Return the note as HTML. Libredesk runs notes through its templates, so no brace may stay one."""
    text = f'<p>{html.escape(sentence)}</p><p><a href="{html.escape(link)}">{html.escape(link)}</a></p>'
    return text.replace("{", "&#123;").replace("}", "&#125;")


def _first(inbox_ids: Collection[str], begin: str) -> Place | None:
    return Place(inbox=in_order(inbox_ids)[0], since=begin) if inbox_ids else None
