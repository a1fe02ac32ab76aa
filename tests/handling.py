"""What is done to conversations in tests, and what came of it."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from dashboard.engine.decisions import Source
from dashboard.engine.model import Presence
from dashboard.services.conversations import change as change_conversation
from dashboard.services.conversations.conversation_forms import ConversationChange, Message, MessageType
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.models import AccountUser, Assignment, InboxMember, OutboxEvent
from tests.desks import NOON, Acme

LATER = NOON + timedelta(minutes=5)


def change(acme: Acme, conversation_id: int, **wanted: object) -> ConversationRow:
    answer = acme.work.finished(
        change_conversation.change(
            acme.work,
            acme.account_id,
            conversation_id,
            ConversationChange(**wanted),
            actor_id=acme.agents["Ana"],
            now=LATER,
        )
    )
    assert isinstance(answer, ConversationRow)
    return answer


def write(
    acme: Acme, conversation_id: int, kind: MessageType = MessageType.INCOMING, **more: object
) -> ConversationRow:
    said = Message(message_type=kind, **more)
    answer = acme.work.finished(
        change_conversation.message(acme.work, acme.account_id, conversation_id, said, actor_id=None, now=LATER)
    )
    assert answer is not None
    return answer


def ledger(acme: Acme) -> list[tuple[Source, str, str, str | None]]:
    rows = acme.work.session.scalars(select(Assignment).order_by(Assignment.id)).all()
    return [(row.source, *acme.names([row.previous_agent_id, row.agent_id]), row.reason) for row in rows]


def events(acme: Acme) -> list[str]:
    return list(acme.work.session.scalars(select(OutboxEvent.event).order_by(OutboxEvent.id)))


def set_availability(acme: Acme, name: str, availability: Presence) -> None:
    person = update(AccountUser).where(AccountUser.user_id == acme.agents[name])
    acme.work.session.execute(person.values(availability=availability))
    acme.work.session.commit()


def leave(acme: Acme, name: str, inbox: str = "Support") -> None:
    acme.work.session.execute(
        delete(InboxMember).where(InboxMember.user_id == acme.agents[name], InboxMember.inbox_id == acme.inboxes[inbox])
    )
    acme.work.session.commit()
