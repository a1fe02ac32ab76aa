"""The board, the pages, the previews and the runs say the same of everybody, whatever stands on the floor."""

from collections import Counter
from dataclasses import replace

from hypothesis import Phase, given
from hypothesis import settings as examples

from dashboard.config import Settings
from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Reason
from dashboard.engine.model import Conversation, PoolKey, Snapshot
from dashboard.engine.plan_state import PlanState
from dashboard.engine.policy import DEFAULT_POLICY
from dashboard.engine.verdicts import ELIGIBLE, AtTeamLimit, NotAMember, Verdict
from dashboard.services.agents import agent_details
from dashboard.services.assignment.waiting_filter import filter_of
from dashboard.services.board import agent_status
from dashboard.services.board.agent_status import Inboxes, StatusReader
from dashboard.services.explanations import conversation as explanations
from dashboard.services.inboxes import inbox_details
from dashboard.services.policies import previews
from dashboard.store.assignment import snapshots, waiting
from dashboard.store.assignment.snapshots import RoutedInbox
from dashboard.store.board import agents as board_agents
from dashboard.store.board import inboxes as board_inboxes
from dashboard.store.core.page_values import Scope
from dashboard.store.inboxes import routing
from tests.desks import NOON, Acme
from tests.services.board.floors import FLOORS, Drawn, standing

# A floor takes a tenth of a second to make: what fails is not made smaller.
# Drawn anew in each run, so that many runs see many floors.
SOME = examples(max_examples=10, deadline=None, database=None, phases=(Phase.explicit, Phase.generate))


def board_of(acme: Acme) -> tuple[Inboxes, StatusReader]:
    session, scope = acme.work.session, Scope(account_id=acme.account_id)
    inboxes = {one.id: one for one in board_inboxes.figures(session, scope, NOON)}
    teams = board_agents.teams(session, acme.account_id)
    return inboxes, agent_status.floor(acme.work, scope, inboxes, teams, redis_answers=True, now=NOON)


def seen_by_runs(acme: Acme) -> dict[int, Snapshot]:
    """Return what a run of each inbox would read, with all that waits there; without a policy the usual one."""
    found = {}
    for one in routing.read_many(acme.work.session, acme.account_id, list(acme.inboxes.values())):
        place = RoutedInbox(inbox=one.inbox, policy=one.policy or DEFAULT_POLICY)
        snapshot = snapshots.read(acme.work.session, acme.work.gauges, [place], now=NOON)[one.inbox.id]
        pools = [PoolKey(None), *(PoolKey(team.id) for team in snapshot.teams)]
        rows = waiting.lock_next(acme.work.session, filter_of(snapshot), pools=pools, most=100, now=NOON, hold=False)
        found[one.inbox.id] = replace(snapshot, waiting=rows.conversations)
    return found


def verdicts_of(snapshot: Snapshot) -> dict[int, dict[int | None, Verdict]]:
    """Return the planner's verdicts by agent and pool, without those who are no members or are left to themselves."""
    state = PlanState(snapshot, snapshot.policy, NOON)
    found: dict[int, dict[int | None, Verdict]] = {agent.id: {} for agent in snapshot.agents}
    given_out = [key for key, pool in state.standings().items() if pool.reason is not Reason.TEAM_MANUAL]
    for key in given_out:
        for agent_id, verdict in state.seating(key).verdicts.items():
            if not isinstance(verdict, NotAMember):
                found[agent_id][key.team_id] = verdict
    return found


@SOME
@given(FLOORS)
def test_the_boards_word_for_each_agent_is_the_planners_verdict(settings: Settings, drawn: Drawn) -> None:
    """E11 to E18. Seen to fail with the board's pools judged without their teams: a maximum was never reached."""
    with standing(settings, drawn) as acme:
        _, board = board_of(acme)

        for inbox_id, snapshot in seen_by_runs(acme).items():
            shown = {
                seated.person.id: dict(seat.verdicts)
                for seated in board.everybody
                for seat in seated.seats
                if seat.inbox.id == inbox_id
            }
            wanted = verdicts_of(snapshot)
            assert {agent: shown.get(agent, {}) for agent in wanted} == wanted
            assert not any(verdicts for agent, verdicts in shown.items() if agent not in wanted)


@SOME
@given(FLOORS)
def test_the_boards_word_for_each_inbox_is_what_a_run_would_say(settings: Settings, drawn: Drawn) -> None:
    """E18, E49. Seen to fail with only the inbox's own pool asked: it was open while all waited for a full team."""
    with standing(settings, drawn) as acme:
        inboxes, board = board_of(acme)

        for inbox_id, snapshot in seen_by_runs(acme).items():
            states = {PoolKey(team_id): pool.state for team_id, pool in board.pools[inbox_id].items()}
            assert states == planner.standings(snapshot, NOON)
            reasons = Counter(decision.reason for decision in planner.plan(snapshot, NOON).decisions)
            closed = board.closed(inboxes[inbox_id])
            assert (closed is None) == (None in reasons or not reasons)
            assert closed is None or reasons[closed.reason] == max(reasons.values())


@SOME
@given(FLOORS)
def test_an_agents_page_says_what_the_planner_says(settings: Settings, drawn: Drawn) -> None:
    """E11 to E17. Seen to fail with the members of a team asked in an inbox that has members of its own."""
    with standing(settings, drawn) as acme:
        wanted = {inbox_id: verdicts_of(snapshot) for inbox_id, snapshot in seen_by_runs(acme).items()}

        for agent_id in acme.agents.values():
            page = agent_details.show(acme.work, acme.account_id, agent_id, page=1, now=NOON)
            for seat in page.seats:
                verdicts = list(wanted[seat.place.inbox_id].get(agent_id, {}).values())
                reached = [verdict for verdict in verdicts if isinstance(verdict, AtTeamLimit)]
                assert sorted(map(repr, seat.maxima.values())) == sorted(map(repr, reached))
                assert seat.verdict == (ELIGIBLE if ELIGIBLE in verdicts else next(iter(verdicts), None))


@SOME
@given(FLOORS)
def test_explanations_the_queue_and_previews_say_what_a_run_would_do(settings: Settings, drawn: Drawn) -> None:
    """E46 to E50"""
    with standing(settings, drawn) as acme:
        for inbox_id, snapshot in seen_by_runs(acme).items():
            if drawn.policies[snapshot.inbox.name] is None or not snapshot.waiting:
                continue
            plan, first = planner.plan(snapshot, NOON), snapshot.waiting[0]
            told = explanations.conversation(acme.work, acme.account_id, first.id, now=NOON)
            queue = inbox_details.show(acme.work, acme.account_id, inbox_id, page=1, now=NOON).reasons
            preview = previews.preview(acme.work, acme.account_id, inbox_id, snapshot.policy, now=NOON)

            assert told.decision == plan.decisions[0]
            assert {agent.id: verdict for agent, verdict in told.agents} == seating_of(snapshot, first)
            assert {one: queue[one].reason for one in queue} == {
                decision.conversation_id: decision.reason for decision in plan.decisions
            }
            assert list(preview.now.assigns) == [given for given in plan.decisions if isinstance(given, Assign)]


def seating_of(snapshot: Snapshot, conversation: Conversation) -> dict[int, Verdict]:
    state = PlanState(snapshot, snapshot.policy, NOON)
    return dict(state.seating(PoolKey(conversation.team_id)).verdicts)
