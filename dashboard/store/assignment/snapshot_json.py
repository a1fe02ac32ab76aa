"""Snapshots as JSON in run records, and back: a loaded snapshot plans to the same decisions (E46, E47)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from dashboard.engine.model import (
    Agent,
    AssignmentType,
    ConnectionMode,
    Conversation,
    Hold,
    Inbox,
    PoolKey,
    Presence,
    Snapshot,
    TakenFrom,
    Team,
)
from dashboard.engine.policy import POLICY_FIELDS, AssignmentPolicy, ExclusionRules
from dashboard.store.redis.scores import instant, score

# Converters by field; other fields keep their JSON value.
BACK: Mapping[str, Any] = {
    **{name: kind.read for name, kind in POLICY_FIELDS.items()},
    "presence": Presence,
    "assignment_type": AssignmentType,
    "team_ids": frozenset,
    "labels": tuple,
    "excluded_labels": tuple,
    "created_at": instant,
    "last_activity_at": instant,
    "slot_frees_at": instant,
    "released_at": instant,
    "held_until": instant,
    "held_for": Hold,
    "mode": ConnectionMode,
    "read_at": instant,
    "opted_out_team_ids": frozenset,
    "skills": frozenset,
    "last_assigned_at": instant,
    "waiting_since": instant,
    "due_at": instant,
    "overridden": tuple,
    "returned_from": lambda rows: tuple(TakenFrom(agent_id, instant(at)) for agent_id, at in rows),
}


def dump(snapshot: Snapshot) -> str:
    """Return the snapshot as JSON: per kind, one list of field names, and one list of values per row."""
    kept = {
        # A batch is made while its inbox is open, so its replay needs no hours.
        "inbox": _rows([replace(snapshot.inbox, hours=None)]),
        "policy": _rows([snapshot.policy] if snapshot.policy else []),
        "agents": _rows(snapshot.agents),
        "teams": _rows(snapshot.teams),
        "exclusions": _rows(snapshot.exclusions),
        "waiting": _rows(snapshot.waiting),
        "rotations": list(snapshot.rotations.items()),
        "served_contacts": snapshot.served_contacts,
        "skilled": [(key.team_id, sorted(key.skills)) for key in snapshot.skilled],
    }
    return json.dumps(kept, default=_plain)


def load(kept: Mapping[str, Any]) -> Snapshot:
    """Return the snapshot of a stored JSON value."""
    policies = _values(AssignmentPolicy, kept["policy"])
    return Snapshot(
        inbox=_values(Inbox, kept["inbox"])[0],
        policy=policies[0] if policies else None,
        agents=_values(Agent, kept["agents"]),
        teams=_values(Team, kept["teams"]),
        exclusions=_values(ExclusionRules, kept["exclusions"]),
        waiting=_values(Conversation, kept["waiting"]),
        rotations={team_id: tuple(order) for team_id, order in kept["rotations"]},
        served_contacts=frozenset(kept["served_contacts"]),
        skilled=tuple(PoolKey(team_id, frozenset(skills)) for team_id, skills in kept.get("skilled", ())),
    )


def _rows(values: Sequence[Any]) -> dict[str, Any]:
    if not values:
        return {"names": [], "rows": []}
    names = [field.name for field in fields(values[0])]
    return {"names": names, "rows": list(map(attrgetter(*names), values))}


def _plain(value: Any) -> Any:
    return score(value) if isinstance(value, datetime) else sorted(value)


def _values(kind: Any, kept: Mapping[str, Any]) -> tuple[Any, ...]:
    names = kept["names"]
    return tuple(
        kind(**{name: _back(name, value) for name, value in zip(names, row, strict=True)}) for row in kept["rows"]
    )


def _back(name: str, value: Any) -> Any:
    return BACK[name](value) if name in BACK and value is not None else value
