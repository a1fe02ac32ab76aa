"""Chatwoot 4.8 and newer: an inbox is an inbox, a user of the account an agent.

It compares nothing before it writes, and an unknown id un-assigns. So only the answer, and a reading before and
after, show the effect of a write. Conversations are addressed by the id that people see, and identified by `uuid`.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil

from dashboard.engine.model import Presence, Status
from dashboard.helpdesks import port, values
from dashboard.helpdesks.chatwoot import checks, words
from dashboard.helpdesks.chatwoot.api import ChatwootApi, Row, row, rows, understood
from dashboard.helpdesks.chatwoot.checks import numbers
from dashboard.helpdesks.port import HelpdeskUnavailable
from dashboard.helpdesks.values import (
    AssignAnswer,
    ConversationKey,
    HelpdeskConversation,
    HelpdeskInbox,
    HelpdeskPage,
    HelpdeskTeam,
    HistoryPage,
    NoteSetting,
    WebhookMade,
)

# `updated_within` has no pages; a longer window would not fit into an answer.
LONGEST_CHANGES = timedelta(minutes=15)
EVENTS = ["conversation_created", "conversation_updated", "conversation_status_changed", "message_created"]
ATTRIBUTE = "evenhand"
# Since then attributes can be merged; older ones replace all of them, whatever they are sent.
MERGES = (4, 17)
OLDEST_FIRST = "created_at_asc"


class Chatwoot:
    """The adapter; its credentials are `account_id`, an administrator's `token`, and perhaps a `bot_token`."""

    features = values.Features(
        webhooks=True,
        presence_every=timedelta(seconds=20),
        reads_changes=True,
        has_inbox_members=True,
        note_kinds=frozenset(NoteSetting),
        offline_readings=2,
    )

    def __init__(self, http: port.HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self._api = ChatwootApi(http, credentials)

    def about(self) -> values.AboutHelpdesk:
        """Return version, the token's user, and clock."""
        return checks.about(self._api)

    def check(self) -> Sequence[values.Check]:
        """Check the rights of the connection, feature by feature."""
        return checks.check(self._api)

    def url_of(self, key: ConversationKey) -> str:
        """Return the address of the conversation's page."""
        return f"{self._api.base_url}/app{self._api.pages}/conversations/{key.display_id}"

    def read_setup(self, groups: Mapping[str, str]) -> values.Setup:
        """Read inboxes, agents, teams, their members and labels; the marks first, so that no change is missed."""
        marks = self.setup_marks()
        with understood("its set-up"):
            inboxes, teams = rows(self._api.read("/inboxes"), "payload"), rows(self._api.read("/teams"))
            agents, labels = rows(self._api.read("/agents")), rows(self._api.read("/labels"), "payload")
            read = [words.inbox(one, self._inbox_members(one)) for one in inboxes]
            return values.Setup(
                inboxes=read,
                agents=self._agents(agents, read),
                teams=[words.team(one, self._team_members(one)) for one in teams],
                labels=[str(one["title"]) for one in labels],
                marks=marks,
            )

    def setup_marks(self) -> str:
        """Return the marks of inboxes, labels and teams; they move with members, never with presence."""
        with understood("its marks"):
            keys = row(row(self._api.read("/cache_keys"))["cache_keys"])
            return " ".join(f"{name}={keys[name]}" for name in ("inbox", "label", "team"))

    def read_open(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read a page of the open conversations, by creation, which does not move while we read."""
        return self._page(inbox_ids, after, {"status": "open"}, "all_count")

    def read_waiting(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read a page of conversations without assignee; Chatwoot lists those of bots too, and this leaves them out."""
        page = self._page(inbox_ids, after, {"status": "open", "assignee_type": "unassigned"}, "unassigned_count")
        waiting = [one for one in page.conversations if not one.taken]
        return HelpdeskPage(conversations=waiting, next=page.next, total=page.total)

    def read_changed(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HelpdeskPage:
        """Read the conversations changed since, by the helpdesk's clock. Raises ValueError for over fifteen minutes."""
        at = self._api.read_plain("/api").at
        if at is None:
            raise HelpdeskUnavailable("Chatwoot's answers lack the header Date.")
        if at - since > LONGEST_CHANGES:
            raise ValueError("Changes of more than fifteen minutes are not read; everything is.")
        if not inbox_ids:
            return HelpdeskPage(conversations=[])
        # A date has whole seconds.
        within = max(ceil((at - since).total_seconds()) + 1, 1)
        _, found = self._list({"status": "all", "updated_within": within, "sort_by": OLDEST_FIRST, **_only(inbox_ids)})
        return HelpdeskPage(
            conversations=[one for one in found if one.inbox_id in inbox_ids and one.updated_at >= since]
        )

    def read_one(self, key: ConversationKey) -> HelpdeskConversation | None:
        """Read one conversation by the id that people see; None if it does not exist."""
        answer = self._api.ask(f"/conversations/{key.display_id}")
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        with understood("a conversation"):
            return words.conversation(row(answer.json))

    def read_presence(self) -> Mapping[str, Presence]:
        """Read the presence of all users of the account, in one call."""
        with understood("its agents"):
            found = rows(self._api.read("/agents"))
            return {str(int(one["id"])): Presence(one["availability_status"]) for one in found}

    def assign(self, seen: HelpdeskConversation, agent_id: str | None) -> AssignAnswer:
        """Assign. An answer without our agent means that the conversation may be nobody's now."""
        body = {"assignee_id": int(agent_id) if agent_id else 0}
        answer = self._api.write("POST", f"/conversations/{seen.display_id}/assignments", body, by_bot=True)
        if answer.status == HTTPStatus.NOT_FOUND:
            return AssignAnswer()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            return AssignAnswer(refusal=f"Chatwoot refused the assignment ({answer.status}).")
        with understood("an assignment"):
            return AssignAnswer(assignee_id=str(int(row(answer.json)["id"])) if answer.json else None)

    def note(self, key: ConversationKey, sentence: str, link: str, kind: NoteSetting) -> None:
        """Write a private note, or our custom attribute beside those of others; nothing where it was deleted."""
        path = f"/conversations/{key.display_id}"
        if kind is NoteSetting.NOTE:
            body = {"content": f"{sentence}\n\n{link}", "message_type": "outgoing", "private": True}
            self._written(self._api.write("POST", f"{path}/messages", body, by_bot=True), or_gone=True)
        elif kind is NoteSetting.ATTRIBUTE:
            self._merge(path, f"{sentence} {link}")

    def make_webhook(self, url: str, secret: str) -> WebhookMade:
        """Create the webhook, or take the one with this address; Chatwoot chooses the secret, if it signs."""
        told = {"url": url, "name": "Evenhand", "subscriptions": EVENTS}
        answer = self._api.write("POST", "/webhooks", told)
        if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and (known := self._webhook_at(url)):
            answer = self._api.write("PATCH", f"/webhooks/{known}", told)
        self._written(answer)
        with understood("its webhook"):
            made = row(row(row(answer.json)["payload"])["webhook"])
            return WebhookMade(id=str(int(made["id"])), secret=made.get("secret") or None)

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove the webhook."""
        self._written(self._api.write("DELETE", f"/webhooks/{webhook_id}"), or_gone=True)

    def verify(
        self, headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime, ahead: timedelta
    ) -> bool:
        """Return whether Chatwoot signed this within five minutes; versions before 4.11.2 have no secret."""
        return words.is_signed(headers, body, secret=secret, now=now, ahead=ahead)

    def read_webhook(self, headers: Mapping[str, str], body: Mapping[str, object]) -> values.WebhookHint:
        """Return the conversation to read, and its owners before and after."""
        return words.hint(body)

    def set_own_assignment(self, inbox: HelpdeskInbox, teams: Sequence[HelpdeskTeam], *, on: bool) -> None:
        """Switch it in the inbox and in the teams: a team picks an agent even if its inbox does not."""
        places = [(f"/inboxes/{inbox.id}", "enable_auto_assignment")]
        places += [(f"/teams/{team.id}", "allow_auto_assign") for team in teams]
        for path, switch in places:
            with understood(path):
                if row(self._api.change("PATCH", path, {switch: on}))[switch] is not on:
                    raise HelpdeskUnavailable(f"Chatwoot left {switch} of {path} as it was.")

    def read_history(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HistoryPage:
        """Read a page of the past; the end of a conversation costs a call each, where Chatwoot keeps it."""
        number = int(after) if after else self._first_page_since(since)
        _, found = self._list(_history_page(number))
        chosen = [one for one in found if one.inbox_id in inbox_ids and one.created_at >= since]
        resolutions = self._resolutions([one for one in chosen if one.status is Status.RESOLVED])
        told = [words.past(one, resolutions.get(one.id)) for one in chosen]
        return HistoryPage(conversations=told, next=str(number + 1) if found else None)

    def _agents(self, found: Sequence[Row], inboxes: Sequence[HelpdeskInbox]) -> list[values.HelpdeskAgent]:
        """Return the agents. The token's user is one only as a member of an inbox: then a person uses it."""
        members = frozenset[str]().union(*(inbox.member_ids or () for inbox in inboxes))
        own_id = checks.about(self._api).own_id
        return [one for one in map(words.agent, found) if one.id != own_id or one.id in members]

    def _inbox_members(self, inbox: Row) -> Sequence[Row]:
        return rows(self._api.read(f"/inbox_members/{int(inbox['id'])}"), "payload")

    def _team_members(self, team: Row) -> Sequence[Row]:
        return rows(self._api.read(f"/teams/{int(team['id'])}/team_members"))

    def _page(
        self, inbox_ids: Collection[str], after: str | None, params: Mapping[str, str | int], count: str
    ) -> HelpdeskPage:
        """Read a page of a list, up to the first empty one; the cursor is the page, and how many were left out."""
        if not inbox_ids:
            return HelpdeskPage(conversations=[], total=0)
        number, _, before = (after or "1:0").partition(":")
        meta, found = self._list({**params, "sort_by": OLDEST_FIRST, "page": number, **_only(inbox_ids)})
        chosen = [one for one in found if one.inbox_id in inbox_ids]
        left_out = int(before) + len(found) - len(chosen)
        with understood("its counts"):
            total = max(int(meta[count]) - left_out, 0)
        after = f"{int(number) + 1}:{left_out}" if found else None
        return HelpdeskPage(conversations=chosen, next=after, total=total)

    def _list(self, params: Mapping[str, str | int]) -> tuple[Row, list[HelpdeskConversation]]:
        with understood("its conversations"):
            data = row(row(self._api.read("/conversations", params))["data"])
            return row(data["meta"]), [words.conversation(one) for one in rows(data, "payload")]

    def _merge(self, path: str, value: str) -> None:
        answer = self._api.ask(path)
        if answer.status == HTTPStatus.NOT_FOUND:
            return
        with understood("custom attributes"):
            others = row(row(answer.json)["custom_attributes"])
        merges = numbers(checks.version_of(self._api)) >= MERGES
        body = {"custom_attributes": {ATTRIBUTE: value}, "merge": True}
        body = body if merges else {"custom_attributes": {**others, ATTRIBUTE: value}}
        self._written(self._api.write("POST", f"{path}/custom_attributes", body, by_bot=True), or_gone=True)

    def _written(self, answer: port.Answer, *, or_gone: bool = False) -> None:
        if answer.status >= HTTPStatus.BAD_REQUEST and not (or_gone and answer.status == HTTPStatus.NOT_FOUND):
            raise HelpdeskUnavailable(f"Chatwoot refused a write ({answer.status}).")

    def _webhook_at(self, url: str) -> str | None:
        with understood("its webhooks"):
            found = rows(self._api.read("/webhooks"), "payload", "webhooks")
            return next((str(int(one["id"])) for one in found if one["url"] == url), None)

    def _first_page_since(self, since: datetime) -> int:
        """Return the first page of the past that may have a conversation since then, by halving."""
        meta, found = self._list(_history_page(1))
        with understood("its counts"):
            low, high = 1, ceil(int(meta["all_count"]) / max(len(found), 1)) + 1
        while low < high:
            middle = (low + high) // 2
            _, found = self._list(_history_page(middle))
            low, high = (low, middle) if not found or found[-1].created_at >= since else (middle + 1, high)
        return low

    def _resolutions(self, ended: Sequence[HelpdeskConversation]) -> Mapping[str, Row]:
        """Return the resolution of each conversation; none where Chatwoot lacks its enterprise part."""
        told: dict[str, Row] = {}
        for one in ended:
            answer = self._api.ask(f"/conversations/{one.display_id}/reporting_events")
            if answer.status == HTTPStatus.NOT_FOUND:
                return told
            with understood("its reporting events"):
                if last := words.resolution(rows(answer.json)):
                    told[one.id] = last
        return told


def _only(inbox_ids: Collection[str]) -> Mapping[str, str | int]:
    """Return the filter for one inbox; the list knows none for several."""
    return {"inbox_id": next(iter(inbox_ids))} if len(inbox_ids) == 1 else {}


def _history_page(number: int) -> Mapping[str, str | int]:
    return {"status": "all", "sort_by": OLDEST_FIRST, "page": number}
