"""Builders of snapshots: each says only what its test is about."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

from dashboard.engine import planner
from dashboard.engine.decisions import Assign, Decision, Plan
from dashboard.engine.model import Agent, Conversation, Inbox, Presence, Snapshot, Team
from dashboard.engine.policy import AssignmentPolicy, ExclusionRules

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SUPPORT = Inbox(id=1, account_id=1, name="Support")
_ids = count(1)


def a_policy(**rules: object) -> AssignmentPolicy:
    return AssignmentPolicy(id=1, name="Default", **rules)  # type: ignore[arg-type]


def an_agent(name: str = "Ana", **facts: object) -> Agent:
    wanted = {"id": next(_ids), "presence": Presence.ONLINE, "member": True, **facts}
    return Agent(name=name, **wanted)  # type: ignore[arg-type]


def a_conversation(minutes_ago: float = 10, **facts: object) -> Conversation:
    at = NOON - timedelta(minutes=minutes_ago)
    wanted = {"id": next(_ids), "created_at": at, "last_activity_at": at, **facts}
    return Conversation(**wanted)  # type: ignore[arg-type]


def conversations(number: int, **facts: object) -> list[Conversation]:
    """Return conversations, the oldest first."""
    return [a_conversation(number - n, **facts) for n in range(number)]


def a_snapshot(
    agents: Sequence[Agent] = (),
    waiting: Sequence[Conversation] = (),
    *,
    policy: AssignmentPolicy | None = None,
    inbox: Inbox = SUPPORT,
    teams: Sequence[Team] = (),
    exclusions: Sequence[ExclusionRules] = (),
    rotations: dict[int | None, tuple[int, ...]] | None = None,
    served: Sequence[int] = (),
) -> Snapshot:
    return Snapshot(
        inbox=inbox,
        policy=policy or a_policy(),
        agents=tuple(agents),
        teams=tuple(teams),
        exclusions=tuple(exclusions),
        rotations=rotations or {},
        served_contacts=frozenset(served),
        waiting=tuple(waiting),
    )


def decide(snapshot: Snapshot) -> Sequence[Decision]:
    return planner.plan(snapshot, NOON).decisions


def given(plan: Plan | Sequence[Decision]) -> list[int | None]:
    """Return who got each conversation, in the order decided; None for nobody."""
    decisions = plan.decisions if isinstance(plan, Plan) else plan
    return [decision.agent_id if isinstance(decision, Assign) else None for decision in decisions]
