"""Replays of a run's batches: plans from their stored snapshots (E46, E47)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, CandidateList, DecisionTrace, Funnel
from dashboard.engine.model import Agent, Snapshot
from dashboard.engine.policy import AssignmentPolicy
from dashboard.engine.sentences import decision_text
from dashboard.engine.sentences.decision_text import NamesById
from dashboard.engine.verdicts import Verdict
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.explanations import conversation as conversation_explanation
from dashboard.store.assignment.run_history import decision_history, run_pages
from dashboard.store.assignment.run_history.decision_history import KeptBatch
from dashboard.store.assignment.run_history.run_pages import Written
from dashboard.store.core.paging import Listed, Page, listed

# A planned assignment that is missing from the ledger: another transaction changed the conversation meanwhile (E25).
LOST = "Not written: it was changed by somebody else meanwhile."


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayCandidate:
    """An agent in the batch's snapshot; `turn` is the place in the selector's order, from 1, None if not eligible."""

    agent: Agent
    verdict: Verdict
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLine:
    """One decision with its reason; an assignment has its position in the run."""

    conversation_id: int
    subject: str | None
    position: int | None
    agent_name: str | None
    waited_for: timedelta | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One batch of a run: its policy, agents and decisions."""

    number: int
    last_number: int
    planned_at: datetime
    policy: AssignmentPolicy | None
    funnel: Funnel
    agents: Listed[ReplayCandidate]
    lines: Listed[ReplayLine]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPage:
    """The requested part of a run: a batch, a page of its agents and a page of its decisions."""

    batch: int
    agents: Page
    lines: Page


def page_of_replay(work: UnitOfWork, account_id: int, run_id: int, wanted: ReplayPage) -> Replay | None:
    """Return the replay of one batch; None if the run has no such batch."""
    batch = decision_history.batch(work.session, account_id, run_id, wanted.batch)
    seating = planner.seating(batch.kept.snapshot, batch.kept.at) if batch else None
    if batch is None or seating is None:
        return None
    return Replay(
        number=batch.number,
        last_number=batch.last_number,
        planned_at=batch.kept.at,
        policy=batch.kept.snapshot.policy,
        funnel=seating.funnel,
        agents=_agents(batch.kept.snapshot, seating, wanted.agents),
        lines=_lines(work, run_id, batch.kept, wanted.lines),
    )


def _agents(snapshot: Snapshot, seating: CandidateList, page: Page) -> Listed[ReplayCandidate]:
    """Return a page of the agents: the eligible ones in the selector's order, then the others by name."""
    turns = {agent_id: turn for turn, agent_id in enumerate(seating.turns, 1)}
    last = len(turns) + 1
    order = sorted(snapshot.agents, key=lambda one: (turns.get(one.id, last), one.name.lower(), one.id))
    shown = order[page.offset : page.offset + page.per_page]
    seated = (ReplayCandidate(agent=one, verdict=seating.verdicts[one.id], turn=turns.get(one.id)) for one in shown)
    return listed(seated, len(order), page)


def _lines(work: UnitOfWork, run_id: int, kept: KeptBatch, page: Page) -> Listed[ReplayLine]:
    snapshot = kept.snapshot
    examined = planner.examine_some(snapshot, kept.at, first=page.offset, most=page.per_page)
    ids = [one.decision.conversation_id for one in examined if one.decision.conversation_id]
    written = run_pages.written(work.session, snapshot.inbox.account_id, run_id, ids, at=kept.at)
    teams = {conversation.id: conversation.team_id for conversation in snapshot.waiting}
    lines = []
    for one in examined:
        names = decision_text.ids_mentioned(snapshot, one.decision, teams.get(one.decision.conversation_id or 0))
        lines.append(_line(snapshot, one, names, written))
    return listed(lines, len(snapshot.waiting), page)


def _line(snapshot: Snapshot, examined: DecisionTrace, names: NamesById, found: Mapping[int, Written]) -> ReplayLine:
    decision = examined.decision
    written = found.get(decision.conversation_id or 0)
    given = written if written and written.position else None
    if not isinstance(decision, Assign):
        why = decision_text.sentence(decision, names)
    else:
        why = f"{conversation_explanation.selector_sentence(snapshot, examined)}." if given else LOST
    return ReplayLine(
        conversation_id=decision.conversation_id or 0,
        subject=written.subject if written else None,
        position=given.position if given else None,
        agent_name=names.agent if given else None,
        waited_for=given.waited_for if given else None,
        why=why[0].upper() + why[1:],
    )
