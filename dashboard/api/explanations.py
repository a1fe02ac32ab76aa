"""Why a conversation waits, or went to whom it went to."""

from dataclasses import asdict
from typing import Any

from marshmallow import Schema, fields

from dashboard import clock
from dashboard.api.auth import EVERYBODY, allowed, caller
from dashboard.api.conversations import only_seen_by
from dashboard.api.resources import Nouns, done
from dashboard.engine.decisions import Assign, Decision, Error, Reason, Skip, Stop, Verdict, VerdictKind
from dashboard.http import desk
from dashboard.services import conversations, explaining
from dashboard.services.explaining import Explanation, State
from dashboard.services.forms.fields import Instant, Word

bp = Nouns("explanations", "Why a conversation waits, or went to whom it went to.")
OUTCOMES: dict[type[Decision], str] = {Assign: "assign", Skip: "skip", Stop: "stop", Error: "error"}


class FunnelSchema(Schema):
    """How many agents were left after each gate."""

    members = fields.Integer()
    online = fields.Integer()
    under_rate_limit = fields.Integer()
    with_capacity = fields.Integer()


class FactsSchema(Schema):
    """What a verdict rests on: `open, limit` · `count, limit, free_at` · `presence` · `released_at`."""

    open = fields.Integer()
    count = fields.Integer()
    limit = fields.Integer()
    free_at = Instant()
    presence = fields.String()
    released_at = Instant()


class AgentVerdictSchema(Schema):
    """One agent's verdict."""

    id = fields.Integer()
    name = fields.String()
    verdict = Word(VerdictKind)
    facts = fields.Nested(FactsSchema)


class ExclusionSchema(Schema):
    """The label, if one excludes, and the capacity policy that does."""

    label = fields.String(allow_none=True)
    policy_id = fields.Integer()
    policy = fields.String(allow_none=True)


class ExplanationSchema(Schema):
    """What the next run does with it and why, or what the run did that assigned it."""

    conversation_id = fields.Integer()
    state = Word(State)
    position = fields.Integer(allow_none=True)
    outcome = fields.String(allow_none=True)
    reason = Word(Reason, allow_none=True)
    sentence = fields.String()
    exclusion = fields.Nested(ExclusionSchema, allow_none=True)
    funnel = fields.Nested(FunnelSchema, allow_none=True)
    agents = fields.List(fields.Nested(AgentVerdictSchema))
    next_possible_at = Instant(allow_none=True)
    fixes = fields.List(fields.String())
    agent_id = fields.Integer(allow_none=True)
    run_id = fields.Integer(allow_none=True)
    assigned_at = Instant(allow_none=True)
    policy_id = fields.Integer(allow_none=True)
    policy_version = fields.Integer(allow_none=True)


@bp.route("/conversations/<id:conversation_id>/explanation")
@allowed(EVERYBODY)
@bp.response(200, ExplanationSchema)
def show(conversation_id: int) -> dict[str, Any]:
    """Explain a conversation: every agent's verdict, the funnel, and the smallest change that would assign it."""
    account_id = caller().account_id
    done(conversations.find(desk(), account_id, conversation_id, seen_by=only_seen_by()))
    return _body(done(explaining.conversation(desk(), account_id, conversation_id, now=clock.now())))


def _body(told: Explanation) -> dict[str, Any]:
    body = {
        "conversation_id": told.conversation_id,
        "state": told.state,
        "sentence": told.sentence,
        "funnel": told.funnel,
        "agents": [
            {"id": agent.id, "name": agent.name, "verdict": verdict.kind, "facts": _facts(verdict)}
            for agent, verdict in told.agents
        ],
    }
    return body | (_waiting(told) if told.state is State.WAITING else _given(told))


def _waiting(told: Explanation) -> dict[str, Any]:
    decision = told.decision
    excluded = isinstance(decision, Skip) and decision.policy_id is not None
    return {
        "position": told.position,
        "outcome": OUTCOMES[type(decision)] if decision else None,
        "reason": decision.reason if decision else None,
        "exclusion": _exclusion(decision) if excluded and isinstance(decision, Skip) else None,
        "next_possible_at": told.next_possible_at,
        "fixes": [fix.sentence for fix in told.fixes],
    }


def _given(told: Explanation) -> dict[str, Any]:
    given = told.given
    if given is None:
        return {}
    return {
        "agent_id": given.agent_id,
        "run_id": given.run_id,
        "assigned_at": given.at,
        "policy_id": given.policy_id,
        "policy_version": given.policy_version,
    }


def _exclusion(skip: Skip) -> dict[str, Any]:
    return {"label": skip.label, "policy_id": skip.policy_id, "policy": skip.policy_name}


def _facts(verdict: Verdict) -> dict[str, Any]:
    return asdict(verdict)
