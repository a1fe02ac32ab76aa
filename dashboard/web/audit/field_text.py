"""The fields of audit entries as texts: labels and values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.engine import policy_fields as kinds
from dashboard.engine.policy import POLICY_FIELDS
from dashboard.engine.policy_fields import PRIORITY_KEYS, PolicyField
from dashboard.engine.sentences.policy_text import PRIORITIES
from dashboard.store.accounts.audit_page import AuditNames
from dashboard.web.core.cards import ORDERS, SELECTORS, span_of

CARDS = {card.value: card.title.lower() for card in (*ORDERS, *SELECTORS)}
# Ids and instants that are not shown because they follow from the change itself.
UNSAID = frozenset({"id", "version", "created_at", "updated_at", "last_used_at", "user_id", "inbox_id", "delivery_id"})
LABELS = {
    "assignment_v2": "assignment",
    "enable_auto_assignment": "assignment",
    "business_hours": "hours",
    "overrides": "own values",
    **{name: kind.label for name, kind in POLICY_FIELDS.items()},
    "exclude_older_than_hours": "exclusion by age",
    "excluded_labels": "exclusion labels",
    "conversation_limit": "limit",
    "max_auto_assigned_conversations": "maximum",
    "assignment_type": "assignment",
    "agent_capacity_policy_id": "capacity policy",
    "agent_id": "agent",
    "assignment_policy_id": "assignment policy",
    "auto_offline": "offline without heartbeat",
    "auto_assign": "assigned by runs",
    "count_only_unanswered": "count only unanswered ones",
    "required_skills": "required skills",
    "skill_labels": "skills of labels",
    "url": "address",
    "channel_ids": "channels",
    "subscriptions": "events",
    "expires_at": "good until",
    "is_stopped": "stop of two engines",
}


# The attribute of AuditNames that contains the names of a field's ids.
NAMED = {
    "agent_id": "agents",
    "agent_capacity_policy_id": "capacities",
    "assignment_policy_id": "policies",
    "inbox_id": "inboxes",
    "team_id": "teams",
    "overflow_team_id": "teams",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """A field before and after a change; None before a creation and after a deletion."""

    label: str
    before: str | None
    after: str | None


def lines(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, names: AuditNames) -> Iterator[FieldLine]:
    """Yield the fields that differ; of a created or deleted object, those with a value."""
    was, became = before or {}, after or {}
    for name in dict.fromkeys((*was, *became)):
        if name in UNSAID or was.get(name) == became.get(name):
            continue
        yield FieldLine(
            label=label(name),
            before=None if before is None else value(name, was.get(name), names),
            after=None if after is None else value(name, became.get(name), names),
        )


def label(name: str) -> str:
    """Return a field's label."""
    return LABELS.get(name, name.replace("_", " "))


def value(name: str, said: Any, names: AuditNames) -> str:
    """Return a field's value as text."""
    if name in NAMED:
        return "none" if said is None else getattr(names, NAMED[name]).get(said, "one that is gone")
    if name in SAID:
        return SAID[name](said)
    if isinstance(said, bool):
        return "on" if said else "off"
    if isinstance(said, dict):
        return ", ".join(f"{name}: {one}" for name, one in sorted(said.items())) or "none"
    if isinstance(said, list):
        return ", ".join(str(one).replace("_", " ") for one in said) or "none"
    return "none" if said in (None, "") else str(said)


def _window(said: int | None) -> str:
    span = span_of(said)
    count = int(span.count)
    return f"{count:,} {span.unit.removesuffix('s') if count == 1 else span.unit}"


def _limit(said: int | None) -> str:
    return "no limit" if said is None else f"{said:,}"


def _hours(said: Mapping[str, Any] | None) -> str:
    """Return business hours with their days, zone, holidays and country."""
    if said is None:
        return "open always"
    days = (f"{day} {', '.join('-'.join(one) for one in windows)}" for day, windows in said["weekly"].items())
    parts = ["; ".join(days) or "never open", said["timezone"]]
    parts += [f"holidays of {said['country']}"] if said["country"] else []
    parts += [f"closed on {', '.join(said['holidays'])}"] if said["holidays"] else []
    return ", ".join(parts)


def _targets(said: Mapping[str, int | None] | None) -> str:
    """Return response targets by priority."""
    known = [(name, (said or {}).get(key)) for key, name in zip(PRIORITY_KEYS, PRIORITIES, strict=True)]
    return ", ".join(f"{name} {minutes:,} min" for name, minutes in known if minutes) or "none"


def _own(said: Mapping[str, Any] | None) -> str:
    """Return an inbox's own values with their labels."""
    texts = (f"{label(name)} {SAID[name](own) if name in SAID else own}" for name, own in (said or {}).items())
    return ", ".join(texts) or "none"


def _word(said: str | None) -> str:
    known = {str(card): text for card, text in CARDS.items()}
    return known.get(said or "", (said or "none").replace("_", " "))


# Of the kinds whose values are not said as they stand.
KINDS: Mapping[type[PolicyField], Callable[[Any], str]] = {
    kinds.WordField: _word,
    kinds.LimitField: lambda said: f"at most {said:,}" if said else "no limit",
    kinds.WindowField: _window,
    kinds.TargetsField: _targets,
}
SAID: Mapping[str, Callable[[Any], str]] = {
    **{name: KINDS[type(kind)] for name, kind in POLICY_FIELDS.items() if type(kind) in KINDS},
    "fair_distribution_limit": lambda said: f"at most {said:,} per agent" if said else "no limit",
    "conversation_limit": _limit,
    "business_hours": _hours,
    "overrides": _own,
    "exclude_older_than_hours": lambda said: "none" if said is None else f"older than {said:,} h",
    "max_auto_assigned_conversations": lambda said: f"{said:,}" if said else "none",
    "assignment_type": _word,
    "role": _word,
    "availability": _word,
    "status": _word,
    "password": lambda said: "a new one" if said else "the one before",
    "secret": lambda said: "a new one" if said else "the one before",
    "expires_at": lambda said: str(said)[:10] if said else "it is revoked",
}
