"""Teams: made, changed, removed; their conversations then belong to no team."""

from datetime import datetime

from dashboard.services.core import audited_crud
from dashboard.services.core.audit_log import Cause
from dashboard.services.core.audited_crud import Noun
from dashboard.services.core.baselines import ANYTHING, Seen
from dashboard.services.core.form import given
from dashboard.services.core.refusals import Invalid, Stale
from dashboard.services.core.unit_of_work import Desk
from dashboard.services.inboxes.inbox_forms import TeamEdit
from dashboard.store.core.paging import Listed, Page
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.inboxes import teams_and_labels as store
from dashboard.store.inboxes.teams_and_labels import TeamRow
from dashboard.store.ledger import ledger
from dashboard.store.ledger.ledger import Event, EventRow

__all__ = ["TeamRow", "change", "create", "remove", "show", "show_all"]

TEAM = Noun(subject="team", shelf=store.teams, unique="name")


def show_all(desk: Desk, account_id: int, page: Page) -> Listed[TeamRow]:
    """Return the teams."""
    return store.teams.page(desk.session, account_id, page)


def show(desk: Desk, account_id: int, team_id: int) -> TeamRow | None:
    """Return the team."""
    return store.teams.find(desk.session, account_id, team_id)


def create(desk: Desk, account_id: int, edit: TeamEdit, *, actor_id: int | None, now: datetime) -> TeamRow | Invalid:
    """Make a team."""
    row = audited_crud.add(desk, account_id, TEAM, given(edit), cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.changed(account_id)
    return row


def change(
    desk: Desk,
    account_id: int,
    team_id: int,
    edit: TeamEdit,
    *,
    actor_id: int | None,
    now: datetime,
    seen: Seen = ANYTHING,
) -> TeamRow | Invalid | None:
    """Change a team; its type and its maximum decide who may take what (E12, E17)."""
    before = store.teams.lock(desk.session, account_id, team_id)
    if before is None:
        return None
    values = audited_crud.judged(desk, seen, given(edit), before)
    if isinstance(values, Stale):
        return values
    changed = audited_crud.change(
        desk, account_id, TEAM, before, values=values, cause=Cause(actor_id=actor_id, now=now)
    )
    if isinstance(changed, Invalid):
        return changed
    desk.session.commit()
    decides = changed.differs_in("assignment_type", "max_auto_assigned_conversations")
    desk.signals.wake(account_id, affected_inboxes.of_team(desk.session, account_id, team_id) if decides else ())
    return changed.after


def remove(
    desk: Desk, account_id: int, team_id: int, *, actor_id: int | None, now: datetime, seen: Seen = ANYTHING
) -> TeamRow | Stale | None:
    """Remove a team; what waits for it waits for the members of its inbox."""
    before = store.teams.lock(desk.session, account_id, team_id)
    if before is None:
        return None
    if isinstance(stale := audited_crud.judged(desk, seen, {}, before), Stale):
        return stale
    waited_in = affected_inboxes.of_team(desk.session, account_id, team_id)
    left = store.leave(desk.session, account_id, team_id)
    ledger.write_events(desk.session, [_updated(account_id, conversation_id, now) for conversation_id in left])
    audited_crud.remove(desk, account_id, TEAM, before, cause=Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.wake(account_id, waited_in)
    return before


def _updated(account_id: int, conversation_id: int, now: datetime) -> EventRow:
    return EventRow(
        account_id=account_id, events=(Event.CONVERSATION_UPDATED,), conversation_id=conversation_id, at=now
    )
