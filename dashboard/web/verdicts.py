"""Verdicts and funnels as a page says them."""

from flask import Flask
from markupsafe import Markup, escape

from dashboard.engine.decisions import (
    AtCapacity,
    AtTeamLimit,
    AtTotalCapacity,
    Eligible,
    Funnel,
    NotAMember,
    NotOnline,
    RateLimited,
    Verdict,
)
from dashboard.web.words import clock, word


def init_app(app: Flask) -> None:
    """Give the templates their words."""
    app.jinja_env.filters.update(verdict=verdict, stages=stages)


def verdict(found: Verdict) -> Markup:
    """Return one agent's verdict with its facts."""
    match found:
        case Eligible():
            return Markup("may take it")
        case NotAMember():
            return Markup("not a member")
        case NotOnline(presence):
            return escape(word(presence))
        case RateLimited(count, limit, free_at):
            slot = Markup(", next slot {}").format(clock(free_at)) if free_at else ""
            return Markup("had {} of {}{}").format(count, limit, slot)
        case AtCapacity(held, limit):
            return Markup("at capacity, holds {} of {} here").format(held, limit)
        case AtTotalCapacity(held, limit):
            return Markup("at capacity, holds {} of {} in all inboxes").format(held, limit)
        case AtTeamLimit(held, limit):
            return Markup("at the team's maximum, holds {} of {}").format(held, limit)


def stages(funnel: Funnel) -> list[tuple[str, int]]:
    """Return the funnel's stages in order."""
    return [
        ("members", funnel.members),
        ("online", funnel.online),
        ("under the rate limit", funnel.under_rate_limit),
        ("with capacity", funnel.with_capacity),
    ]
