"""Validation of new conversations, and their rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

from dashboard.engine.model import Awaiting, Status
from dashboard.services.conversations.conversation_forms import ConversationDraft
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.accounts import id_checks
from dashboard.store.accounts.id_checks import Known
from dashboard.store.conversations.conversations import NewConversation
from dashboard.store.core import skill_keys

NOT_THERE = {
    "inbox_id": "There is no such inbox in this account.",
    "team_id": "There is no such team in this account.",
    "assignee_id": "There is no such active agent in this account.",
}
Faults: TypeAlias = dict[str, tuple[str, ...]]


def validate(work: UnitOfWork, account_id: int, drafts: Sequence[ConversationDraft]) -> list[Faults]:
    """Return the errors of each draft: ids that the account does not have."""
    known = id_checks.existing_ids(
        work.session,
        account_id,
        inbox_ids={draft.inbox_id for draft in drafts},
        team_ids={draft.team_id for draft in drafts if draft.team_id is not None},
        agent_ids={draft.assignee_id for draft in drafts if draft.assignee_id is not None},
    )
    return [
        reference_faults(known, inbox_id=draft.inbox_id, team_id=draft.team_id, assignee_id=draft.assignee_id)
        for draft in drafts
    ]


def reference_faults(
    known: Known, *, inbox_id: int | None = None, team_id: int | None, assignee_id: int | None
) -> Faults:
    """Return an error for each given id that the account does not have."""
    named = {
        "inbox_id": (inbox_id, known.inbox_ids),
        "team_id": (team_id, known.team_ids),
        "assignee_id": (assignee_id, known.agent_ids),
    }
    return {field: (NOT_THERE[field],) for field, (one, there) in named.items() if one is not None and one not in there}


def as_row(account_id: int, draft: ConversationDraft, contact_ids: Mapping[str, int], now: datetime) -> NewConversation:
    """Return the row of a draft: it waits since its creation, and an assignment is dated now."""
    created_at = draft.created_at or now
    return NewConversation(
        account_id=account_id,
        external_id=draft.external_id,
        inbox_id=draft.inbox_id,
        team_id=draft.team_id,
        contact_id=contact_ids[draft.contact.identifier] if draft.contact else None,
        subject=draft.subject,
        status=draft.status,
        priority=draft.priority,
        assignee_id=draft.assignee_id,
        labels=tuple(dict.fromkeys(draft.labels)),
        required_skills=draft.required_skills,
        required_keys=tuple(sorted(skill_keys.folded(draft.required_skills))),
        respond_by=draft.respond_by,
        created_at=created_at,
        last_activity_at=draft.last_activity_at or created_at,
        waiting_since=min(created_at, now) if draft.waits else None,
        assigned_at=now if draft.assignee_id is not None else None,
        resolved_at=now if draft.status is Status.RESOLVED else None,
        awaiting=None if draft.status is Status.RESOLVED else Awaiting.AGENT,
    )
