"""Records of changed conversations, written in the transaction of the change (T2)."""

from collections.abc import Collection, Iterable, Iterator

from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.conversations.conversations import ConversationRow
from dashboard.store.inboxes.teams_and_labels import Relabelled
from dashboard.store.trust import conversation_history as store
from dashboard.store.trust.conversation_history import ChangedField, FieldChange

Difference = tuple[ChangedField, object, object]


def record(work: UnitOfWork, changed: Iterable[tuple[ConversationRow, ConversationRow]], cause: ActorContext) -> None:
    """Record what differs of these conversations before and after."""
    store.write(
        work.session,
        [
            FieldChange(
                account_id=after.account_id,
                conversation_id=after.id,
                what=what,
                before=was,
                after=is_now,
                actor_id=cause.actor_id,
                at=cause.now,
            )
            for before, after in changed
            for what, was, is_now in _differences(before, after)
        ],
    )


def record_relabelling(
    work: UnitOfWork, account_id: int, relabelled: Collection[Relabelled], cause: ActorContext
) -> None:
    """Record the labels of conversations that a renamed label has changed."""
    store.write(
        work.session,
        [
            FieldChange(
                account_id=account_id,
                conversation_id=one.conversation_id,
                what=ChangedField.LABELS,
                before=one.before,
                after=one.after,
                actor_id=cause.actor_id,
                at=cause.now,
            )
            for one in relabelled
        ],
    )


def _differences(before: ConversationRow, after: ConversationRow) -> Iterator[Difference]:
    values: tuple[Difference, ...] = (
        (ChangedField.STATUS, before.status, after.status),
        (ChangedField.INBOX, before.inbox_id, after.inbox_id),
        (ChangedField.TEAM, before.team_id, after.team_id),
        (ChangedField.LABELS, before.labels, after.labels),
        (ChangedField.PRIORITY, before.priority, after.priority),
        (ChangedField.SKILLS, before.required_skills, after.required_skills),
        (ChangedField.AWAITING, before.awaiting, after.awaiting),
    )
    return (one for one in values if one[1] != one[2])
