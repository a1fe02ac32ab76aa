"""Explanations: why a conversation waits, or why an agent got it."""

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.conversations.conversations import only_seen_by
from dashboard.api.core.auth import EVERYBODY, allowed, caller
from dashboard.api.core.resources import ApiBlueprint, or_refuse
from dashboard.engine.decisions import Assign, Decision, Error, Reason, Skip, Stop, Via
from dashboard.engine.verdicts import Verdict, VerdictKind
from dashboard.http import unit_of_work
from dashboard.services.conversations import conversations
from dashboard.services.core.form_fields import Instant, Word
from dashboard.services.explanations import conversation
from dashboard.services.explanations.conversation import Explanation, ExplanationState
from dashboard.store.assignment.run_history.decision_history import PastAssignment

bp = ApiBlueprint("explanations", "Why a conversation waits, or why an agent got it.")
OUTCOMES: dict[type[Decision], str] = {Assign: "assign", Skip: "skip", Stop: "stop", Error: "error"}


class FunnelSchema(Schema):
    """The number of agents left after each gate."""

    members = fields.Integer()
    auto_assign = fields.Integer()
    skilled = fields.Integer()
    online = fields.Integer()
    under_rate_limit = fields.Integer()
    with_capacity = fields.Integer()


class FactsSchema(Schema):
    """The facts of a verdict: `open, limit` · `count, limit, free_at` · `presence` · `released_at` · `missing`."""

    open = fields.Integer()
    count = fields.Integer()
    limit = fields.Integer()
    free_at = Instant()
    presence = fields.String()
    released_at = Instant()
    missing = fields.List(fields.String())


class AgentVerdictSchema(Schema):
    """One agent's verdict."""

    id = fields.Integer()
    name = fields.String()
    verdict = Word(VerdictKind)
    facts = fields.Nested(FactsSchema)


class ExclusionSchema(Schema):
    """The capacity policy that excludes the conversation, and the label if a label does."""

    label = fields.String(allow_none=True)
    policy_id = fields.Integer()
    policy = fields.String(allow_none=True)


class ExplanationSchema(Schema):
    """The next run's decision with its reason, or the assignment. Keys that do not apply are null, lists empty."""

    conversation_id = fields.Integer(required=True)
    state = Word(ExplanationState, required=True)
    position = fields.Integer(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    reason = Word(Reason, required=True, allow_none=True)
    sentence = fields.String(required=True)
    exclusion = fields.Nested(ExclusionSchema, required=True, allow_none=True)
    funnel = fields.Nested(FunnelSchema, required=True, allow_none=True)
    agents = fields.List(fields.Nested(AgentVerdictSchema), required=True)
    next_possible_at = Instant(required=True, allow_none=True)
    fixes = fields.List(fields.String(), required=True)
    agent_id = fields.Integer(required=True, allow_none=True)
    run_id = fields.Integer(required=True, allow_none=True)
    assigned_at = Instant(required=True, allow_none=True)
    policy_id = fields.Integer(required=True, allow_none=True)
    policy_version = fields.Integer(required=True, allow_none=True)
    via = Word(Via, required=True, allow_none=True)
    skills_relaxed = fields.Boolean(required=True)
    overrides = fields.List(fields.String(), required=True)


@bp.route("/conversations/<id:conversation_id>/explanation")
@allowed(EVERYBODY)
@bp.response(200, ExplanationSchema)
def show(conversation_id: int) -> dict[str, Any]:
    """Explain a conversation: every agent's verdict, the funnel, and the smallest change that would assign it."""
    account_id = caller().account_id
    or_refuse(conversations.find(unit_of_work(), account_id, conversation_id, seen_by=only_seen_by()))
    return _body(or_refuse(conversation.conversation(unit_of_work(), account_id, conversation_id, now=clock.now())))


def _body(told: Explanation) -> dict[str, Any]:
    return {
        "conversation_id": told.conversation_id,
        "state": told.state,
        "position": told.position,
        "sentence": told.sentence,
        "funnel": told.funnel,
        "agents": [
            {"id": agent.id, "name": agent.name, "verdict": verdict.kind, "facts": _facts(verdict)}
            for agent, verdict in told.agents
        ],
        "next_possible_at": told.next_possible_at,
        "fixes": [fix.sentence for fix in told.fixes],
        "overrides": told.overrides,
        **_decided(told.decision),
        **_given(told.given),
    }


def _decided(decision: Decision | None) -> dict[str, Any]:
    return {
        "outcome": OUTCOMES[type(decision)] if decision else None,
        "reason": decision.reason if decision else None,
        "via": decision.how.via if isinstance(decision, Assign) else None,
        "skills_relaxed": isinstance(decision, Assign) and decision.how.skills_relaxed,
        "exclusion": _exclusion(decision) if isinstance(decision, Skip) and decision.policy_id is not None else None,
    }


def _given(given: PastAssignment | None) -> dict[str, Any]:
    return {
        "agent_id": given and given.agent_id,
        "run_id": given and given.run_id,
        "assigned_at": given and given.at,
        "policy_id": given and given.policy_id,
        "policy_version": given and given.policy_version,
    }


def _exclusion(skip: Skip) -> dict[str, Any]:
    return {"label": skip.label, "policy_id": skip.policy_id, "policy": skip.policy_name}


def _facts(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict)
