"""Flask pages: HTTP in, HTML out; one module per noun."""

from flask import Flask
from htmx_flask import Htmx

from dashboard.config import Settings
from dashboard.web import (
    accounts,
    addresses,
    agents,
    agents_list,
    assets,
    assignments,
    audit,
    board,
    capacity,
    conversations,
    conversations_list,
    drawings,
    edits,
    errors,
    inboxes,
    invitations,
    isolation,
    labels,
    memberships,
    passwords,
    policies,
    reports,
    runs,
    runs_list,
    security,
    sessions,
    teams,
    throttle,
    tokens,
    users,
    verdicts,
    visitors,
    webhooks,
    words,
)
from dashboard.web.blueprints import all_pages

SETTINGS = (audit, accounts, users, tokens, webhooks, labels, passwords)
NOUNS = (
    sessions,
    memberships,
    invitations,
    board,
    runs,
    runs_list,
    reports,
    conversations,
    conversations_list,
    inboxes,
    agents,
    agents_list,
    assignments,
    policies,
    capacity,
    teams,
    *SETTINGS,
)


def register(app: Flask, settings: Settings) -> None:
    """Add the pages, who may see them, and what every answer carries."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    for concern in (isolation, security, visitors, addresses, assets, words, verdicts, errors, drawings, edits):
        concern.init_app(app)
    throttle.init_app(app, settings)
    app.register_blueprint(all_pages(*(noun.pages for noun in NOUNS)))
