"""Verdicts and funnels as texts of a page."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Flask
from markupsafe import Markup

from dashboard.engine.decisions import Funnel
from dashboard.engine.model import Presence
from dashboard.engine.verdicts import Verdict, VerdictKind
from dashboard.web.core.formatting import clock, word

SENTENCES = {
    VerdictKind.ELIGIBLE: "may take it",
    VerdictKind.NOT_A_MEMBER: "not a member",
    VerdictKind.NOT_ONLINE: "{presence}",
    VerdictKind.RATE_LIMITED: "had {count} of {limit}, next slot {free_at}",
    VerdictKind.AT_CAPACITY: "at capacity, holds {open} of {limit} here",
    VerdictKind.AT_TOTAL_CAPACITY: "at capacity, holds {open} of {limit} in all inboxes",
    VerdictKind.AT_TEAM_LIMIT: "at the team's maximum, holds {open} of {limit}",
    VerdictKind.OPTED_OUT: "passed over by runs here",
    VerdictKind.LACKS_SKILL: "lacks {missing}",
    VerdictKind.PACED: "got one a moment ago, may take it {free_at}",
    VerdictKind.HAD_IT: "had it until {released_at}",
}
WITHOUT_INSTANT = {VerdictKind.RATE_LIMITED: "had {count} of {limit}", VerdictKind.HAD_IT: "had it"}


def init_app(app: Flask) -> None:
    """Add the filters to the templates."""
    app.jinja_env.filters.update(verdict=verdict, stages=stages)


def verdict(found: Verdict) -> Markup:
    """Return one agent's verdict with its facts."""
    facts = asdict(found)
    sentences = WITHOUT_INSTANT if None in facts.values() else SENTENCES
    return Markup(sentences[found.kind]).format(**{name: _shown(fact) for name, fact in facts.items()})


def _shown(fact: Any) -> Any:
    if isinstance(fact, datetime):
        return clock(fact)
    if isinstance(fact, tuple):
        return ", ".join(fact)
    return word(fact) if isinstance(fact, Presence) else fact


def _narrowing(funnel: Funnel) -> list[tuple[str, int]]:
    """Return the stages of rules that few inboxes use, where they leave somebody out."""
    found = [("assigned by runs", funnel.auto_assign)] if funnel.auto_assign < funnel.members else []
    return [*found, ("with the skills", funnel.skilled)] if funnel.skilled < funnel.auto_assign else found


def stages(funnel: Funnel) -> list[tuple[str, int]]:
    """Return the funnel's stages in order."""
    return [
        ("members", funnel.members),
        *_narrowing(funnel),
        ("online", funnel.online),
        ("under the rate limit", funnel.under_rate_limit),
        ("with capacity", funnel.with_capacity),
    ]
