"""People in the helpdesk win: an overwritten owner is put back once, and a second engine stops ours (C15, C16)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dashboard.engine.model import FOR_GOOD, Hold
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.helpdesks.mirroring.merging import target_of
from dashboard.services.helpdesks.mirroring.translation import MirrorView
from dashboard.store.conversations import conversations
from dashboard.store.helpdesks import directory, events
from dashboard.store.helpdesks.events import NewEvent, OwnerChange
from dashboard.store.helpdesks.links import Mirrored
from dashboard.store.helpdesks.writing import claims_made, connection_conflicts
from dashboard.store.helpdesks.writing.claims_made import ClaimMade
from dashboard.store.helpdesks.writing.connection_conflicts import NewConflict
from dashboard.store.models.connections import ConnectionEventKind

# Evidence of whom our write replaced comes with its echo, or with the other one's webhook.
LOOKS_BACK_FOR = timedelta(seconds=60)
MOST_CHANGES, CHANGES_WITHIN = 3, timedelta(seconds=60)
MOST_REPLACED, REPLACED_WITHIN, COUNTED_FOR = 2, timedelta(seconds=10), timedelta(minutes=5)
TWO_ENGINES = (
    "Two engines: something in the helpdesk reassigns what Evenhand assigns in {inbox}. Writing stopped there."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One conversation with its evidence."""

    work: UnitOfWork
    view: MirrorView
    before: Mirrored
    now: datetime


def look(work: UnitOfWork, view: MirrorView, before: Mirrored, *, now: datetime) -> None:
    """Look at the evidence after a reading of this conversation was applied."""
    changes = events.owner_changes(
        work.session,
        view.connection.id,
        external_id=before.link.external_id,
        display_id=before.link.display_id,
        since=now - LOOKS_BACK_FOR,
    )
    claims = claims_made.of_conversation(work.session, before.row.id, since=now - LOOKS_BACK_FOR)
    case = _Case(work=work, view=view, before=before, now=now)
    for claim in claims:
        theirs = overwritten(claim, changes, view, holder=before.link.assignee)
        if theirs is not None and claim.put_back is None:
            _put_back(case, claim, theirs)
    _expect_one_engine(case, [change for change in changes if not _is_ours(change, claims, view)])


def overwritten(
    claim: ClaimMade, changes: Sequence[OwnerChange], view: MirrorView, *, holder: str | None
) -> str | None:
    """Return the helpdesk's id of the owner that our write replaced, None without one; `holder` is the owner now.

    The echo has its previous owner. If not, another change came since our reading, and ours stands: then
    ours was the later one, unless somebody else also chose our agent.
    """
    target, persons = target_of(claim.write, view), view.directory.agents
    echoes = [change for change in changes if change.after == target]
    told = next((echo.before for echo in echoes if echo.before in persons and echo.before != target), None)
    if told is not None or len(echoes) != 1 or holder != target or claim.write.sent_at is None:
        return told
    since = [change for change in changes if change.at >= claim.write.sent_at and not _is_by_us(change, view)]
    others = [change.after for change in since if change.after in persons and change.after != target]
    return others[-1] if others else None


def _is_by_us(change: OwnerChange, view: MirrorView) -> bool:
    """Return whether our user did it; not every helpdesk tells the actor."""
    return change.actor is not None and change.actor == view.connection.own_id


def _is_ours(change: OwnerChange, claims: Sequence[ClaimMade], view: MirrorView) -> bool:
    """Return whether a change is an echo, by actor or by value: one of our writes, or its putting back."""
    if change.actor is not None:
        return change.actor == view.connection.own_id
    return any(change.after == target_of(claim.write, view) for claim in claims) or change.after in {
        claim.put_back for claim in claims if claim.put_back is not None
    }


def _put_back(case: _Case, claim: ClaimMade, theirs: str) -> None:
    """Write theirs once, keep our hands off, and list the conflict."""
    session, view = case.work.session, case.view
    claims_made.put_back(session, claim, assignee=theirs, agent_id=view.directory.agent_id(theirs), now=case.now)
    row = conversations.lock(session, case.before.row.account_id, case.before.row.id)
    conversations.save(session, replace(row, held_until=FOR_GOOD, held_for=Hold.HANDS_OFF))
    ours = view.directory.name_of_agent(target_of(claim.write, view)) or "nobody"
    names = NewConflict(ours=ours, theirs=view.directory.name_of_agent(theirs) or "somebody")
    connection_conflicts.add(session, claim.write, names, now=case.now)
    _tell(case, ConnectionEventKind.CONFLICT, f"{names.theirs} was overwritten by {ours}")
    case.work.notes.writes(view.connection.account_id, view.connection.id)


def _expect_one_engine(case: _Case, others: Sequence[OwnerChange]) -> None:
    """Stop writing in the inbox if owners flip, or if our writes are replaced at once."""
    session, now = case.work.session, case.now
    link = case.view.directory.inboxes.get(case.before.link.inbox_external_id)
    if link is None or link.stopped_at or link.inbox_id is None:
        return
    flips = sum(change.at > now - CHANGES_WITHIN for change in others)
    replaced = claims_made.replaced_soon(session, link.inbox_id, since=now - COUNTED_FOR, within=REPLACED_WITHIN)
    if flips < MOST_CHANGES and replaced < MOST_REPLACED:
        return
    directory.set_inbox(session, link.connection_id, link.external_id, stopped_at=now)
    _tell(case, ConnectionEventKind.STATE, TWO_ENGINES.format(inbox=link.name))
    case.work.notes.changed(link.account_id)


def _tell(case: _Case, kind: ConnectionEventKind, cause: str) -> None:
    told = NewEvent(
        account_id=case.view.connection.account_id,
        connection_id=case.view.connection.id,
        at=case.now,
        kind=kind,
        cause=cause,
        external_id=case.before.link.external_id,
        conversation_id=case.before.row.id,
    )
    events.record(case.work.session, [told])
