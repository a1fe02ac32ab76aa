"""Who belongs to an inbox or a team; every change may let something be assigned (E11, E30)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dashboard.services.core import audit_log
from dashboard.services.core.audit_log import Cause, Change
from dashboard.services.core.refusals import Invalid, invalid
from dashboard.services.core.unit_of_work import Desk
from dashboard.services.inboxes.inbox_forms import MemberIds
from dashboard.store.accounts import id_checks
from dashboard.store.inboxes import affected_inboxes
from dashboard.store.inboxes import members as store
from dashboard.store.inboxes.members import Group, Place

__all__ = ["Group", "Members", "Place", "Way", "change", "show"]


class Way(StrEnum):
    """How a list of agents is meant."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


WRITES = {Way.REPLACE: store.replace, Way.ADD: store.add, Way.REMOVE: store.remove}


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The active members, by id."""

    user_ids: tuple[int, ...]


def show(desk: Desk, account_id: int, place: Place) -> Members | None:
    """Return who belongs here."""
    found = store.ids(desk.session, account_id, place)
    return None if found is None else Members(user_ids=tuple(found))


def change(
    desk: Desk, account_id: int, place: Place, wanted: MemberIds, *, way: Way, actor_id: int | None, now: datetime
) -> Members | Invalid | None:
    """Let these agents belong here: exactly these, these as well, or these no longer.

    What a former member holds stays with them until it is next saved (E31).
    """
    if not store.lock(desk.session, account_id, place):
        return None
    if refusal := _refusal(desk, account_id, wanted.user_ids, way):
        desk.session.rollback()
        return refusal
    before = Members(user_ids=_ids(desk, account_id, place))
    WRITES[way](desk.session, account_id, place, wanted.user_ids)
    after = Members(user_ids=_ids(desk, account_id, place))
    if after == before:
        desk.session.rollback()
        return after
    changed = Change(subject=f"{place.group}_members", subject_id=place.id, before=before, after=after)
    audit_log.write(desk, account_id, changed, Cause(actor_id=actor_id, now=now))
    desk.session.commit()
    desk.signals.wake(account_id, _concerned(desk, account_id, place))
    return after


def _refusal(desk: Desk, account_id: int, user_ids: Collection[int], way: Way) -> Invalid | None:
    """Refuse whom the account does not have; only who leaves may be deactivated."""
    leaving = way is Way.REMOVE
    ours = store.of_account(desk.session, account_id, user_ids) if leaving else _active(desk, account_id, user_ids)
    strangers = ", ".join(map(str, sorted(set(user_ids) - ours)))
    kind = "agents" if leaving else "active agents"
    return invalid("user_ids", f"No {kind} of the account: {strangers}.") if strangers else None


def _active(desk: Desk, account_id: int, user_ids: Collection[int]) -> frozenset[int]:
    return id_checks.known(desk.session, account_id, agent_ids=user_ids).agent_ids


def _ids(desk: Desk, account_id: int, place: Place) -> tuple[int, ...]:
    return tuple(store.ids(desk.session, account_id, place) or ())


def _concerned(desk: Desk, account_id: int, place: Place) -> Sequence[int]:
    if place.group is Group.TEAM:
        return affected_inboxes.of_team(desk.session, account_id, place.id)
    return affected_inboxes.of_inboxes(desk.session, account_id, [place.id])
