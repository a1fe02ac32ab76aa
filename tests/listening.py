"""Somebody who listens: verbs for tests of webhooks, on top of the cast."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from dashboard.http_client.client import Outgoing
from dashboard.services.webhooks import deliver, webhooks
from dashboard.services.webhooks.webhook_forms import WebhookEdit
from dashboard.services.webhooks.webhooks import WebhookWithSecret
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow
from dashboard.store.models import WebhookDelivery
from tests.desks import NOON, Acme
from tests.waiting import PATIENCE

ANYWHERE = Outgoing(allow_private=True, time_out=PATIENCE)
# Only for receivers that do not answer at all: on a busy machine the others are slower than this.
IMPATIENT = Outgoing(allow_private=True, time_out=0.3)


@dataclass(slots=True, kw_only=True)
class Line:
    """Acme's line to those who listen, with a clock of its own."""

    acme: Acme
    now: datetime = NOON
    outgoing: Outgoing = ANYWHERE
    secrets: dict[int, str] = field(default_factory=dict)

    def listen(self, url: str, *events: Event, account_id: int | None = None) -> int:
        """Add a webhook, which hears everything unless told otherwise."""
        edit = WebhookEdit(url=url, subscriptions=events or tuple(Event), enabled=True)
        account_id = account_id or self.acme.account_id
        made = self.acme.work.finished(
            webhooks.create(self.acme.work, account_id, edit, actor_id=None, now=self.now, to=self.outgoing)
        )
        assert isinstance(made, WebhookWithSecret)
        self.secrets[made.row.id] = made.secret
        return made.row.id

    def happens(self, *conversation_ids: int, event: Event = Event.CONVERSATION_UPDATED) -> None:
        """Let something happen to these conversations, one after the other, in one transaction."""
        rows = [
            EventRow(account_id=self.acme.account_id, events=(event,), conversation_id=one, at=self.now)
            for one in conversation_ids
        ]
        ledger.write_events(self.acme.work.session, rows)
        self.acme.work.session.commit()

    def deliver(self, after: timedelta = timedelta()) -> None:
        """Let time pass and deliver what is due then."""
        self.now += after
        deliver.deliver(self.acme.work, self.acme.account_id, outgoing=self.outgoing, now=lambda: self.now)

    def deliveries(self, webhook_id: int) -> list[WebhookDelivery]:
        """Return a webhook's deliveries as they stand, the first event first."""
        which = select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id)
        self.acme.work.session.expire_all()
        found = list(self.acme.work.session.scalars(which.order_by(WebhookDelivery.event_id)))
        self.acme.work.session.commit()
        return found

    def ids(self, webhook_id: int) -> list[UUID]:
        """Return their ids."""
        return [one.id for one in self.deliveries(webhook_id)]
