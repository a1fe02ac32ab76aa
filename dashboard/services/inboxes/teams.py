"""Teams: creation, change and removal; a removed team's conversations have no team."""

from datetime import datetime

from dashboard.services.core import audited_crud, helpdesk_refusals
from dashboard.services.core.audit_log import ActorContext
from dashboard.services.core.audited_crud import Resource
from dashboard.services.core.baselines import NO_BASELINE, Baseline
from dashboard.services.core.form import sent_fields
from dashboard.services.core.refusals import Conflict, Invalid, Stale
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.inboxes.inbox_forms import TeamEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.inboxes import teams_and_labels as store
from dashboard.store.inboxes.teams_and_labels import TeamRow
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow
from dashboard.store.trust import conversation_history
from dashboard.store.trust.conversation_history import ChangedField, FieldChange

__all__ = ["TeamRow", "change", "create", "remove", "show", "show_all"]

TEAM = Resource(subject="team", shelf=store.teams, unique="name")


def show_all(work: UnitOfWork, account_id: int, page: Page) -> Listed[TeamRow]:
    """Return the teams."""
    return store.teams.page(work.session, account_id, page)


def show(work: UnitOfWork, account_id: int, team_id: int) -> TeamRow | None:
    """Return the team."""
    return store.teams.find(work.session, account_id, team_id)


def create(
    work: UnitOfWork, account_id: int, edit: TeamEdit, *, actor_id: int | None, now: datetime
) -> TeamRow | Invalid:
    """Make a team."""
    row = audited_crud.add(work, account_id, TEAM, sent_fields(edit), cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.changed(account_id)
    return row


def change(
    work: UnitOfWork,
    account_id: int,
    team_id: int,
    edit: TeamEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> TeamRow | Invalid | Conflict | None:
    """Change a team; a new assignment type or limit starts runs (E12, E17)."""
    before = store.teams.lock(work.session, account_id, team_id)
    if before is None:
        return None
    values = audited_crud.judged(seen, sent_fields(edit), before)
    if isinstance(values, Stale):
        return values
    is_named = "name" in values and values["name"] != before.name
    if is_named and (refusal := helpdesk_refusals.of_team(work, account_id, team_id, "the name")):
        return refusal
    changed = audited_crud.change(
        work, account_id, TEAM, before, values=values, cause=ActorContext(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    decides = changed.differs_in("assignment_type", "max_auto_assigned_conversations")
    work.notes.touched(account_id, team_ids=[team_id] if decides else ())
    return changed.after


def remove(
    work: UnitOfWork,
    account_id: int,
    team_id: int,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Baseline = NO_BASELINE,
) -> TeamRow | Conflict | Stale | None:
    """Remove a team; its waiting conversations then wait for the members of their inboxes."""
    before = store.teams.lock(work.session, account_id, team_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(seen, {}, before), Stale):
        return stale
    if refusal := helpdesk_refusals.of_team(work, account_id, team_id, "the existence"):
        return refusal
    if name := store.overflows_to(work.session, account_id, team_id):
        return Conflict(sentence=f"The policy {name} overflows to this team: choose another team there first.")
    waited_in = affected_inboxes.of_team(work.session, account_id, team_id)
    left = store.leave(work.session, account_id, team_id)
    conversation_history.write(
        work.session, [_left(account_id, one, team_id, actor_id=actor_id, now=now) for one in left]
    )
    ledger.write_events(work.session, [_updated(account_id, conversation_id, now) for conversation_id in left])
    audited_crud.remove(work, account_id, TEAM, before, cause=ActorContext(actor_id=actor_id, now=now))
    work.notes.wakes(account_id, waited_in)
    return before


def _left(account_id: int, conversation_id: int, team_id: int, *, actor_id: int | None, now: datetime) -> FieldChange:
    return FieldChange(
        account_id=account_id,
        conversation_id=conversation_id,
        what=ChangedField.TEAM,
        before=team_id,
        after=None,
        actor_id=actor_id,
        at=now,
    )


def _updated(account_id: int, conversation_id: int, now: datetime) -> EventRow:
    return EventRow(
        account_id=account_id, events=(Event.CONVERSATION_UPDATED,), conversation_id=conversation_id, at=now
    )
