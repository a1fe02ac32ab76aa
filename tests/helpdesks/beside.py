"""Acme beside a helpdesk on paper: Mira there is Ana here, Nils is Bo, and Olga is nobody here."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import insert, select

from dashboard.engine.model import ConnectionMode, Status
from dashboard.helpdesks.values import HelpdeskConversation, HelpdeskKind, WebhookHint
from dashboard.services.helpdesks import explaining, writing
from dashboard.services.helpdesks.hints import marks
from dashboard.services.helpdesks.mirroring import mirror, vanishing
from dashboard.services.helpdesks.mirroring.translation import Asked, MirrorView
from dashboard.services.helpdesks.polling import polling
from dashboard.store.conversations import conversations
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks import connections, directory, events
from dashboard.store.helpdesks.connections import ConnectionRow
from dashboard.store.helpdesks.directory import Directory
from dashboard.store.helpdesks.events import NewEvent
from dashboard.store.helpdesks.writing import open_writes
from dashboard.store.models import (
    ConnectedAgent,
    ConnectedConversation,
    ConnectedInbox,
    Connection,
    ConnectionEvent,
    Conversation,
    HelpdeskWrite,
)
from dashboard.store.models.connections import ConnectionEventKind, ConnectionState
from tests.desks import NOON, Acme
from tests.helpdesks.paper import PaperHelpdesk

MATCHED = {"41": "Ana", "42": "Bo"}


@dataclass(slots=True, kw_only=True)
class Beside:
    """A connection, and the clock that both sides share."""

    acme: Acme
    helpdesk: PaperHelpdesk = field(default_factory=PaperHelpdesk)
    connection_id: int = 0
    pauses: list[float] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.helpdesk.now

    @property
    def connection(self) -> ConnectionRow:
        found = connections.shelf.find(self.acme.work.session, self.acme.account_id, self.connection_id)
        self.acme.work.session.rollback()
        assert found is not None
        return found

    def later(self, **time: float) -> None:
        """Let time pass on both sides."""
        self.helpdesk.now += timedelta(**time)

    def poll(self, **time: float) -> None:
        """Let time pass, and poll until nothing more is to be done at once."""
        self.later(**time)
        while polling.poll(self.acme.work, self.connection, self.helpdesk, clock=lambda: self.now):
            pass

    def reconcile(self) -> None:
        """Read everything once more."""
        self.poll(minutes=16)

    def agree(self) -> bool:
        """Let a person confirm that what is missing has gone, if that is asked."""
        is_asked = vanishing.confirm(self.acme.work, self.connection)
        self.acme.work.finish()
        return is_asked

    def hear(self, hints: Sequence[WebhookHint]) -> None:
        """Receive webhooks, in this order, and work off their marks."""
        self.receive(hints)
        while marks.work_off(
            self.acme.work, self.connection, self.helpdesk, clock=lambda: self.now, pause=self.pauses.append
        ):
            pass

    def receive(self, hints: Sequence[WebhookHint]) -> None:
        """Store webhooks as marks."""
        rows = [
            NewEvent(
                account_id=self.acme.account_id,
                connection_id=self.connection_id,
                at=self.now,
                kind=ConnectionEventKind.WEBHOOK,
                cause=hint.event,
                external_id=hint.id,
                display_id=hint.display_id,
                happened_at=hint.at,
                actor=hint.actor_id,
                owner_changed=hint.owner_changed,
                owner_before=hint.before,
                owner_after=hint.after,
                pending=True,
            )
            for hint in hints
        ]
        events.record(self.acme.work.session, rows)
        self.acme.work.finish()

    def write(self) -> None:
        """Carry out the writes that are due."""
        while writing.carry_out(self.acme.work, self.connection, self.helpdesk, clock=lambda: self.now):
            pass

    def explain(self) -> None:
        """Write the explanations that are due."""
        explaining.explain(self.acme.work, self.connection, self.helpdesk, clock=lambda: self.now)

    def set(self, **values: object) -> None:
        """Set columns of the connection."""
        connections.note(self.acme.work.session, self.connection_id, **values)
        self.acme.work.finish()

    def set_inbox(self, external_id: str, **values: object) -> None:
        """Set columns of a connected inbox."""
        directory.set_inbox(self.acme.work.session, self.connection_id, external_id, **values)
        self.acme.work.finish()

    def lease(self) -> None:
        """Lease the due writes, as a worker does that is killed then."""
        session = self.acme.work.session
        open_writes.lease(session, self.connection_id, most=8, now=self.now, until=self.now + writing.LEASED_FOR)
        self.acme.work.finish()

    def directory(self) -> Directory:
        """Return what is known of inboxes, teams and agents."""
        found = directory.read(self.acme.work.session, self.connection_id)
        self.acme.work.session.rollback()
        return found

    def decide(self, inbox: str = "Support") -> None:
        """Let Ana and Bo be present, and a run decide."""
        self.acme.online("Ana", "Bo", at=self.now)
        self.acme.run(inbox, at=self.now)

    def writes(self) -> list[tuple[str, str, str | None]]:
        """Return kind, state and reason of all writes."""
        rows = self.acme.work.session.execute(select(HelpdeskWrite).order_by(HelpdeskWrite.id)).scalars()
        found = [(row.kind.value, row.state.value, row.reason) for row in rows]
        self.acme.work.session.rollback()
        return found

    def apply(self, reading: HelpdeskConversation, *, asked_at: datetime) -> None:
        """Apply one reading that began then."""
        session = self.acme.work.session
        view = MirrorView(connection=self.connection, directory=directory.read(session, self.connection_id))
        mirror.apply(self.acme.work, view, [reading], Asked(at=asked_at, cause="test"))
        self.acme.work.finish()

    def row(self, number: int) -> ConversationRow:
        """Return the conversation here."""
        session = self.acme.work.session
        wanted = select(Conversation.id).where(Conversation.external_id == f"u-{number}")
        found = conversations.get(session, self.acme.account_id, session.scalars(wanted).one())
        session.rollback()
        return found

    def mirror(self) -> dict[str, tuple[object, ...]]:
        """Return what is open there as far as this side knows, in words that both sides have."""
        session = self.acme.work.session
        link = Conversation.id == ConnectedConversation.conversation_id
        known = select(Conversation).join(ConnectedConversation, link)
        rows = session.execute(known.where(ConnectedConversation.status == Status.OPEN)).scalars()
        names = {inbox_id: name for name, inbox_id in self.acme.inboxes.items()}
        found = {
            str(row.external_id): (
                row.status,
                names[row.inbox_id],
                self.acme.names([row.assignee_id])[0],
                row.priority,
                tuple(row.labels),
            )
            for row in rows
        }
        session.rollback()
        return found

    def truth(self) -> dict[str, tuple[object, ...]]:
        """Return what is open there, in our words."""
        return {
            one.id: (
                Status.PENDING if one.taken and one.assignee_id not in MATCHED else one.status,
                self.helpdesk.inboxes[one.inbox_id].name,
                MATCHED.get(one.assignee_id or "", "-"),
                one.priority,
                one.labels or (),
            )
            for one in self.helpdesk.conversations.values()
            if one.status is Status.OPEN
        }

    def repairs(self) -> list[str]:
        """Return the causes of all repairs."""
        kinds = select(ConnectionEvent.cause).where(ConnectionEvent.kind == ConnectionEventKind.REPAIR)
        found = list(self.acme.work.session.scalars(kinds.order_by(ConnectionEvent.id)))
        self.acme.work.session.rollback()
        return found


def connect(acme: Acme, *, mode: ConnectionMode = ConnectionMode.LIVE, **values: object) -> Beside:
    """Connect Acme's inboxes, and confirm who is who; the first sync is still to come."""
    session = acme.work.session
    acme.leave("Support", "Cleo")
    acme.leave("Support", "Dov")
    row = {"kind": HelpdeskKind.CHATWOOT, "name": "Shop", "url": "https://shop.example", "sealed": "", **values}
    made = insert(Connection).values(account_id=acme.account_id, state=ConnectionState.IMPORTING, **row)
    connection_id = session.execute(made.returning(Connection.id)).scalar_one()
    of_connection = {"account_id": acme.account_id, "connection_id": connection_id}
    for number, name in (("1", "Support"), ("2", "Sales")):
        there = {"external_id": number, "name": name, "inbox_id": acme.inboxes[name], "mode": mode}
        session.execute(insert(ConnectedInbox).values(**of_connection, **there))
    for external_id, name in MATCHED.items():
        person = {"external_id": external_id, "name": name, "agent_id": acme.agents[name]}
        session.execute(insert(ConnectedAgent).values(**of_connection, **person))
    session.commit()
    return Beside(acme=acme, connection_id=connection_id, helpdesk=PaperHelpdesk(now=NOON))
