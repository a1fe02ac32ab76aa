"""The live board: is anything stuck, who is free, and why is this still waiting?"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from dashboard.engine.model import Presence
from dashboard.services.alerts import alerts
from dashboard.services.alerts.alerts import AlertView
from dashboard.services.assignment import redis_data_loss, stranded_check
from dashboard.services.board import agent_status, unattended
from dashboard.services.board.agent_status import StatusKind, StatusReader
from dashboard.services.board.inbox_status import InboxStatus, Level, why
from dashboard.services.board.unattended import Unattended
from dashboard.services.board.workload import View, Workload, workload
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.store.board import agents
from dashboard.store.board import inboxes as rows
from dashboard.store.board.inboxes import InboxFigures, Stranded
from dashboard.store.core.page_values import Scope, Since
from dashboard.store.helpdesks.masters import Master
from dashboard.store.helpdesks.pages import list_page
from dashboard.store.helpdesks.pages.list_page import UnwellConnection

LATELY = timedelta(minutes=15)
HISTORY = timedelta(hours=1)
STEP = timedelta(minutes=2, seconds=30)
STEPS = HISTORY // STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardInboxLine:
    """One inbox of the board, with the helpdesk that it is in."""

    id: int
    name: str
    waiting: int
    oldest: Since | None
    why: InboxStatus | None
    members: int
    online: int
    free: int
    assigned: int
    history: tuple[int, ...]
    unattended: Unattended | None
    helpdesk: Master | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardTrouble:
    """What is wrong, worst first: the inbox that waits longest, and how many others are stuck as well."""

    inbox: BoardInboxLine
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The line at the top."""

    waiting: int
    oldest: Since | None
    online: int | None
    free: int | None
    assigned: int
    trouble: BoardTrouble | None
    stranded: Stranded
    check_is_stale: bool
    forgot_at: datetime | None
    unwell: Sequence[UnwellConnection]
    alerts: Sequence[AlertView]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything on the live board, as of one instant."""

    as_of: datetime
    headline: Headline
    inboxes: tuple[BoardInboxLine, ...]
    workload: Workload
    presence_known: bool


def live_board(work: UnitOfWork, scope: Scope, *, view: View, redis_answers: bool, now: datetime) -> Board:
    """Return the board in a fixed number of queries, whatever the number of inboxes and agents.

    A Redis that has just not answered is not asked again: the page comes from Postgres alone, and says so.
    """
    inboxes = {inbox.id: inbox for inbox in rows.figures(work.session, scope, now - LATELY)}
    teams = agents.teams(work.session, scope.account_id)
    floor = agent_status.floor(work, scope, inboxes, teams, redis_answers=redis_answers, now=now)
    left = rows.last_left(work.session, list(inboxes))
    changes = rows.changes(work.session, list(inboxes), since=now - HISTORY, step=STEP)
    nobody_at = _unattended(work, scope, floor, inboxes)
    lines = [
        _line(
            inbox,
            floor,
            why=why(inbox, floor, left.get(i, {}), now),
            history=_history(inbox.waiting, changes.get(i, {})),
            unattended=nobody_at.get(i),
        )
        for i, inbox in inboxes.items()
    ]
    return Board(
        as_of=now,
        headline=_headline(work, scope, lines, floor, now=now),
        inboxes=tuple(lines),
        workload=workload(work, scope, floor, inboxes=inboxes, teams=teams, view=view, now=now),
        presence_known=floor.known,
    )


def _unattended(
    work: UnitOfWork, scope: Scope, floor: StatusReader, inboxes: Collection[int]
) -> Mapping[int, Unattended]:
    """Return by inbox what supervisors may release, nothing while presence cannot be read."""
    if scope.member_id is not None or not floor.known:
        return {}
    absent = [seated.person.id for seated in floor.everybody if seated.presence is Presence.OFFLINE]
    return unattended.in_inboxes(work, scope.account_id, list(inboxes), absent_ids=absent)


def _line(
    inbox: InboxFigures,
    floor: StatusReader,
    *,
    why: InboxStatus | None,
    history: tuple[int, ...],
    unattended: Unattended | None,
) -> BoardInboxLine:
    funnel = floor.usual(inbox).funnel
    return BoardInboxLine(
        id=inbox.id,
        name=inbox.name,
        waiting=inbox.waiting,
        oldest=inbox.oldest,
        why=why,
        members=funnel.members,
        online=funnel.online,
        free=funnel.with_capacity,
        assigned=inbox.assigned,
        history=history,
        unattended=unattended,
        helpdesk=inbox.helpdesk,
    )


def _history(waiting: int, changes: Mapping[int, int]) -> tuple[int, ...]:
    """Walk back from the present; waits that ended without an assignment are not in the ledger, so never below none."""
    back = accumulate((changes.get(step, 0) for step in range(STEPS, 0, -1)), int.__sub__, initial=waiting)
    return tuple(max(0, count) for count in back)[::-1]


def _headline(
    work: UnitOfWork, scope: Scope, lines: Sequence[BoardInboxLine], floor: StatusReader, *, now: datetime
) -> Headline:
    waits = [line.oldest for line in lines if line.oldest]
    states = Counter(seated.state for seated in floor.everybody)
    stranded = rows.stranded(work.session, scope.account_id)
    return Headline(
        waiting=sum(line.waiting for line in lines),
        oldest=min(waits, key=lambda since: since.at, default=None),
        online=states[StatusKind.FREE] + states[StatusKind.FULL] if floor.known else None,
        free=states[StatusKind.FREE] if floor.known else None,
        assigned=sum(line.assigned for line in lines),
        trouble=_trouble(lines),
        stranded=stranded,
        check_is_stale=stranded_check.is_stale(stranded.checked_at, now=now),
        forgot_at=redis_data_loss.lost_at(work, scope.account_id, now=now) if floor.known else None,
        # Only supervisors can do something about them.
        unwell=list_page.unwell(work.session, scope.account_id) if scope.member_id is None else (),
        alerts=alerts.open_ones(work, scope.account_id) if scope.member_id is None else (),
    )


def _trouble(lines: Sequence[BoardInboxLine]) -> BoardTrouble | None:
    """Return the inbox in need of somebody whose oldest wait is longest, and how many more there are."""
    bad = [line for line in lines if line.why and line.oldest and line.why.level is Level.ACTION]
    if not bad:
        return None
    worst = min(bad, key=lambda line: line.oldest.at if line.oldest else datetime.max)
    return BoardTrouble(inbox=worst, others=len(bad) - 1)
