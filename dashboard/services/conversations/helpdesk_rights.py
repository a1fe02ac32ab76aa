"""The changes here to a helpdesk's conversations: only the assignee, in a live inbox, to an agent matched there."""

from collections.abc import Collection
from typing import Any

from dashboard.services.conversations.conversation_forms import ConversationChange, ConversationDraft
from dashboard.services.core import helpdesk_refusals
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, invalid
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.helpdesks import masters
from dashboard.store.helpdesks.masters import Master

UNKNOWN = "{} does not know this agent; match them on its page first."


def refusal(
    work: UnitOfWork, account_id: int, held: Collection[ConversationRow], wanted: ConversationChange
) -> Conflict | Invalid | None:
    """Return why these conversations cannot be changed like this here; None if none is in a helpdesk that decides."""
    values = sent_fields(wanted)
    differing = [(row, names) for row in held if (names := _differing(row, values))]
    inbox_ids = {row.inbox_id for row, _ in differing} | {values.get("inbox_id", row.inbox_id) for row, _ in differing}
    found = masters.of_inboxes(work.session, account_id, inbox_ids) if inbox_ids else {}
    deciding: dict[int, Master] = {}
    for row, names in differing:
        master = found.get(row.inbox_id) or found.get(values.get("inbox_id", row.inbox_id))
        if master and names != {"assignee_id"}:
            return helpdesk_refusals.of_conversation(master)
        if master and not master.is_live:
            return helpdesk_refusals.of_assignee(master)
        if master:
            deciding[master.connection_id] = master
    return _of_stranger(work, deciding.values(), values.get("assignee_id"))


def of_messages(work: UnitOfWork, account_id: int, inbox_id: int) -> Conflict | None:
    """Refuse a message of a helpdesk's conversation."""
    master = masters.of_inbox(work.session, account_id, inbox_id)
    return helpdesk_refusals.of_conversation(master) if master else None


def of_drafts(work: UnitOfWork, account_id: int, drafts: Collection[ConversationDraft]) -> Conflict | None:
    """Refuse new conversations in a helpdesk's inbox."""
    found = masters.of_inboxes(work.session, account_id, {draft.inbox_id for draft in drafts})
    return next((helpdesk_refusals.of_conversation(master) for master in found.values()), None)


def is_left_alone(work: UnitOfWork, row: ConversationRow) -> bool:
    """Return whether no rule here may change the conversation: its inbox is in a helpdesk, and not live."""
    master = masters.of_inbox(work.session, row.account_id, row.inbox_id)
    return master is not None and not master.is_live


def _differing(row: ConversationRow, values: dict[str, Any]) -> set[str]:
    return {name for name, value in values.items() if value != getattr(row, name)}


def _of_stranger(work: UnitOfWork, deciding: Collection[Master], agent_id: int | None) -> Invalid | None:
    """Refuse an agent without a match in one of these helpdesks."""
    for master in deciding if agent_id is not None else ():
        if not masters.knows_agent(work.session, master.connection_id, agent_id or 0):
            return invalid("assignee_id", UNKNOWN.format(master.name))
    return None
