"""A helpdesk beside Acme: a connection that was read just now, its inbox, its people and its conversations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from dashboard.engine.model import ConnectionMode, Status
from dashboard.helpdesks.values import HelpdeskKind
from dashboard.store.models import (
    ConnectedAgent,
    ConnectedConversation,
    ConnectedInbox,
    ConnectedTeam,
    Connection,
    Conversation,
    HelpdeskWrite,
)
from dashboard.store.models.connections import ConnectionState
from tests.desks import AGENTS, NOON, Acme

URL = "https://desk.example"


@dataclass(slots=True, kw_only=True)
class Connected:
    """A connection of Acme's; ids there are a letter and the id here: a3 is agent 3."""

    acme: Acme
    id: int

    def change(self, **facts: object) -> None:
        self._update(update(Connection).where(Connection.id == self.id).values(**facts))

    def change_inbox(self, inbox: str = "Support", **facts: object) -> None:
        which = ConnectedInbox.inbox_id == self.acme.inboxes[inbox]
        self._update(update(ConnectedInbox).where(which).values(**facts))

    def team(self, name: str) -> None:
        """Make a team of Acme's one of the helpdesk."""
        team_id = self.acme.teams[name]
        self._add(ConnectedTeam, external_id=f"t{team_id}", name=name, team_id=team_id)

    def waiting(self, count: int, inbox: str = "Support", **facts: object) -> list[int]:
        """Mirror conversations that wait."""
        return self._mirrored(self.acme.waiting(count, inbox, **facts))

    def held(self, name: str, count: int, inbox: str = "Support", **facts: object) -> list[int]:
        """Mirror open conversations that this agent has."""
        ids = self.acme.held(name, count, inbox, **facts)
        return self._mirrored(ids, assignee=f"a{self.acme.agents[name]}", taken=True)

    def hold(self, ids: Sequence[int], until: datetime | None, reason: str | None = "settling") -> None:
        wanted = Conversation.id.in_(ids)
        self._update(update(Conversation).where(wanted).values(held_until=until, held_for=until and reason))

    def writes(self) -> list[HelpdeskWrite]:
        rows = self.acme.work.session.scalars(select(HelpdeskWrite).order_by(HelpdeskWrite.id)).all()
        self.acme.work.session.rollback()
        return list(rows)

    def _mirrored(self, ids: list[int], **facts: object) -> list[int]:
        for one in ids:
            values = {
                "external_id": f"c{one}",
                "display_id": str(one),
                "conversation_id": one,
                "inbox_external_id": "i",
            }
            times = {"updated_at": NOON, "asked_at": NOON, "seen_waiting_at": NOON}
            self._add(ConnectedConversation, **values, **times, status=Status.OPEN, **facts)
        return ids

    def _add(self, model: type, **values: object) -> None:
        whose = {"account_id": self.acme.account_id, "connection_id": self.id}
        self.acme.work.session.execute(insert(model).values(**whose, **values))
        self.acme.work.session.commit()

    def _update(self, statement: object) -> None:
        self.acme.work.session.execute(statement)  # type: ignore[call-overload]
        self.acme.work.session.commit()


def connect(
    acme: Acme, *inboxes: str, mode: ConnectionMode = ConnectionMode.LIVE, read_at: datetime = NOON, **facts: object
) -> Connected:
    """Connect inboxes (Support if none is named) and everybody to a helpdesk that is ready."""
    values = {
        "kind": HelpdeskKind.LIBREDESK,
        "name": "Our desk",
        "url": URL,
        "sealed": "",
        "state": ConnectionState.READY,
    }
    times = {"imported_at": NOON - timedelta(days=1), "waiting_read_at": read_at}
    made = (
        insert(Connection).values(account_id=acme.account_id, **{**values, **times, **facts}).returning(Connection.id)
    )
    desk = Connected(acme=acme, id=acme.work.session.execute(made).scalar_one())
    for name in inboxes or ("Support",):
        inbox_id = acme.inboxes[name]
        desk._add(ConnectedInbox, external_id=f"i{inbox_id}", name=name, inbox_id=inbox_id, mode=mode)
    for name in AGENTS:
        agent_id = acme.agents[name]
        desk._add(ConnectedAgent, external_id=f"a{agent_id}", name=name, email=None, agent_id=agent_id)
    return desk
