"""Request Tracker 5: a queue is an inbox, a ticket a conversation, a user-defined group a team.

It sends no webhooks and has no presence. It compares before it writes, because a ticket's ETag is its last
transaction. But it refuses with status 200 and a sentence, so that only a reading shows the effect of a write.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NoReturn

from dashboard.engine.model import Presence
from dashboard.helpdesks import port, values
from dashboard.helpdesks.port import HelpdeskForbids, HelpdeskUnavailable
from dashboard.helpdesks.rt import checks, setup
from dashboard.helpdesks.rt.rest import Listing, Rest, Row, etag_of, row_of, sentences_of, understood
from dashboard.helpdesks.rt.tickets import (
    MARGIN,
    NEVER,
    NOBODY,
    OWNER,
    TICKET,
    TRANSACTION,
    answered_at,
    conversation,
    earlier,
    first_unanswered,
    instant,
    past_conversation,
)
from dashboard.helpdesks.values import (
    AssignAnswer,
    ConversationKey,
    HelpdeskConversation,
    HelpdeskPage,
    HistoryPage,
    NoteSetting,
)

IS_OPEN = "(Status = 'new' OR Status = 'open')"
IS_NOBODYS = f"Owner = '{NOBODY}'"
IS_REPLY = "Type = 'Correspond'"
IS_CHANGE_OF_OWNER = "(Type = 'Set' AND Field = 'Owner')"
NO_WEBHOOKS = "Request Tracker sends no webhooks."


class RequestTracker:
    """The adapter; its credentials are `user` and `password`, or `token`."""

    features = values.Features(
        webhooks=False,
        presence_every=None,
        reads_changes=True,
        has_inbox_members=False,
        note_kinds=frozenset({NoteSetting.OFF, NoteSetting.NOTE}),
    )

    def __init__(self, http: port.HelpdeskHttp, credentials: Mapping[str, str]) -> None:
        self._rest, self._base_url = Rest(http, credentials), http.base_url.rstrip("/")

    def about(self) -> values.AboutHelpdesk:
        """Return version, own id and clock."""
        return setup.about(self._rest)

    def check(self) -> Sequence[values.Check]:
        """Check the rights of the connection, feature by feature."""
        return checks.check(self._rest)

    def url_of(self, key: ConversationKey) -> str:
        """Return the address of the ticket's page."""
        return f"{self._base_url}/Ticket/Display.html?id={key.display_id}"

    def read_setup(self, groups: Mapping[str, str]) -> values.Setup:
        """Read queues and user-defined groups; the agents are the members of these groups."""
        return setup.read(self._rest, groups)

    def setup_marks(self) -> None:
        """Return None: no cheap mark changes with the set-up."""

    def read_open(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read new and open tickets."""
        return self._page(f"{_in(inbox_ids)} AND {IS_OPEN}", after)

    def read_waiting(self, inbox_ids: Collection[str], after: str | None = None) -> HelpdeskPage:
        """Read new and open tickets of Nobody."""
        return self._page(f"{_in(inbox_ids)} AND {IS_OPEN} AND {IS_NOBODYS}", after)

    def read_changed(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HelpdeskPage:
        """Read the changed tickets. Deleted and merged tickets are in no list: only read_one returns them."""
        asked_at = self._rest.get("/rt").at
        listing = self._tickets(f"{_in(inbox_ids)} AND LastUpdated > '{earlier(since, asked_at)}'", after)
        if asked_at and listing.at and listing.at - asked_at > MARGIN:
            raise HelpdeskUnavailable("Request Tracker answered so late that changes could be missing.")
        return self._page_of(listing, after, changed_since=since)

    def read_one(self, key: ConversationKey) -> HelpdeskConversation | None:
        """Read one ticket, with its ETag."""
        if (ticket := self._ticket(key.id)) is None:
            return None
        with understood(f"ticket {key.id}"):
            return conversation(ticket, self._unanswered([ticket]))

    def read_presence(self) -> Mapping[str, Presence]:
        """Raise: there is none."""
        raise NotImplementedError("Request Tracker knows no presence.")

    def assign(self, seen: HelpdeskConversation, agent_id: str | None) -> AssignAnswer:
        """Set the owner if nothing has happened since `seen`; then read the ticket again."""
        version = seen.version or self._version_of(seen)
        if version is None:
            return AssignAnswer(changed=True)
        owner = {"Owner": NOBODY if agent_id is None else agent_id}
        answer = self._rest.write("PUT", f"/ticket/{seen.id}", owner, right="ModifyTicket", match=version)
        if answer.status in (404, 412) or (now := self._light(seen.id)) is None:
            return AssignAnswer(changed=True)
        if now.assignee_id == agent_id:
            return AssignAnswer(assignee_id=agent_id)
        if now.version != version:  # it was written, and changed again since
            return AssignAnswer(assignee_id=now.assignee_id, changed=True)
        return AssignAnswer(assignee_id=now.assignee_id, refusal=sentences_of(answer))

    def note(self, key: ConversationKey, sentence: str, link: str, kind: NoteSetting) -> None:
        """Add a comment, which customers do not see; as JSON, since of plain text only ASCII arrives as it was."""
        comment = {"Content": f"{sentence}\n{link}", "ContentType": "text/plain"}
        answer = self._rest.write("POST", f"/ticket/{key.id}/comment", comment, right="CommentOnTicket")
        if answer.status != 201:
            raise HelpdeskUnavailable(f"Request Tracker added no comment to ticket {key.display_id}.")

    def make_webhook(self, url: str, secret: str) -> values.WebhookMade:
        """Raise: there are none."""
        raise NotImplementedError(NO_WEBHOOKS)

    def remove_webhook(self, webhook_id: str) -> None:
        """Do nothing: there is none to remove."""

    def verify(
        self, headers: Mapping[str, str], body: bytes, *, secret: str | None, now: datetime, ahead: timedelta
    ) -> bool:
        """Return False: nothing that comes is from Request Tracker."""
        return False

    def read_webhook(self, headers: Mapping[str, str], body: Mapping[str, object]) -> values.WebhookHint:
        """Raise ValueError: it is no webhook of Request Tracker."""
        raise ValueError(NO_WEBHOOKS)

    def set_own_assignment(
        self, inbox: values.HelpdeskInbox, teams: Sequence[values.HelpdeskTeam], *, on: bool
    ) -> NoReturn:
        """Raise: there is no such switch."""
        raise NotImplementedError("Request Tracker has no assignment of its own to switch.")

    def read_history(self, inbox_ids: Collection[str], since: datetime, after: str | None = None) -> HistoryPage:
        """Read tickets created since then, and the facts of their transactions."""
        listing = self._tickets(f"{_in(inbox_ids)} AND Created > '{earlier(since)}'", after)
        with understood("the history of tickets"):
            events = self._events(listing.rows, f"({IS_REPLY} OR {IS_CHANGE_OF_OWNER})")
            nobody_id = setup.id_of(self._rest, NOBODY)
            past = [past_conversation(row, events[str(row["id"])], nobody_id) for row in listing.rows]
        return HistoryPage(conversations=[it for it in past if it.created_at >= since], next=_next(listing))

    def _page(self, query: str, after: str | None) -> HelpdeskPage:
        return self._page_of(self._tickets(query, after), after)

    def _page_of(self, listing: Listing, after: str | None, changed_since: datetime = NEVER) -> HelpdeskPage:
        with understood("tickets"):
            rows = [row for row in listing.rows if instant(row, "LastUpdated") >= changed_since.replace(microsecond=0)]
            unanswered = self._unanswered(rows)
            conversations = [conversation(row, unanswered) for row in rows]
        total = listing.total if after is None and changed_since == NEVER else None
        return HelpdeskPage(conversations=conversations, next=_next(listing), total=total)

    def _tickets(self, query: str, after: str | None) -> Listing:
        """Return a page of tickets. A number is an age, so that no ticket is missed if others leave the list."""
        return self._rest.listing(
            "/tickets", {"query": f"{query} AND id > {int(after or 0)}", "orderby": "id", **TICKET}
        )

    def _ticket(self, ticket_id: str) -> Row | None:
        """Return a ticket with its ETag; None if it does not exist, was merged into another, or went out of sight."""
        try:
            answer = self._rest.get(f"/ticket/{ticket_id}", OWNER, right="ShowTicket")
        except HelpdeskForbids:
            if not setup.sees_tickets(self._rest):
                raise
            return None
        with understood(f"ticket {ticket_id}"):
            ticket = {**row_of(answer), "ETag": etag_of(answer)} if answer.status == 200 else {"id": None}
            return ticket if str(ticket["id"]) == ticket_id else None

    def _light(self, ticket_id: str) -> HelpdeskConversation | None:
        """Return a ticket without the time since which it waits, in one call."""
        if (ticket := self._ticket(ticket_id)) is None:
            return None
        with understood(f"ticket {ticket_id}"):
            return conversation(ticket, {})

    def _version_of(self, seen: HelpdeskConversation) -> str | None:
        """Return the ETag of a ticket that a list has shown, which tells none; None if it is not as seen."""
        now = self._light(seen.id)
        parts = [(it.inbox_id, it.status, it.assignee_id, it.updated_at) for it in (seen, now) if it]
        return now.version if now and parts[0] == parts[1] else None

    def _unanswered(self, rows: Sequence[Row]) -> Mapping[str, datetime]:
        """Return since when tickets with a reply wait again, in one call for all of them."""
        moved_on = [row for row in rows if (at := answered_at(row)) and instant(row, "LastUpdated") > at]
        if not moved_on:
            return {}
        since = min(at for row in moved_on if (at := answered_at(row)))
        replies = self._events(moved_on, f"{IS_REPLY} AND Created > '{earlier(since)}'")
        times = {str(row["id"]): first_unanswered(row, replies[str(row["id"])]) for row in moved_on}
        return {key: at for key, at in times.items() if at}

    def _events(self, rows: Sequence[Row], what: str) -> Mapping[str, Sequence[Row]]:
        """Return transactions of these tickets, oldest first, by ticket."""
        events, last = defaultdict[str, list[Row]](list), 0
        tickets = " OR ".join(f"TicketId = {row['id']}" for row in rows) or "TicketId = 0"
        while True:
            query = f"ObjectType = 'RT::Ticket' AND ({tickets}) AND {what} AND id > {last}"
            found = self._rest.listing("/transactions", {"query": query, "orderby": "id", **TRANSACTION})
            for row in found.rows:
                events[str(row["ObjectId"])].append(row)
            if not found.is_full:  # of tickets that we see, we see all replies and owners
                return events
            last = int(found.rows[-1]["id"])


def _in(inbox_ids: Collection[str]) -> str:
    """Return TicketSQL for these queues, by id: a name would need quoting, and can change."""
    return "(" + (" OR ".join(f"Queue = {int(inbox_id)}" for inbox_id in sorted(inbox_ids)) or "id = 0") + ")"


def _next(listing: Listing) -> str | None:
    """Return where the next page begins. Without a total only an empty page is the end: invisible rows are left out."""
    is_last = not listing.rows or listing.total == len(listing.rows)
    return None if is_last else str(listing.rows[-1]["id"])
