"""The pages: HTTP in, HTML out, one module per resource."""

from flask import Flask
from htmx_flask import Htmx

from dashboard.config import Settings
from dashboard.web.accounts import (
    account_page,
    invitations,
    login_throttle,
    memberships,
    passwords,
    sessions,
    tokens,
    users,
)
from dashboard.web.agents import agent_list, agent_page
from dashboard.web.alerts import alert_channels, alert_rules, alerts
from dashboard.web.assignment import assignments, run_list, runs
from dashboard.web.audit import audit_log, edit_forms
from dashboard.web.board import live_board, verdict_text
from dashboard.web.conversations import conversation_list, conversation_page, labels
from dashboard.web.core import assets, auth, bidi, errors, formatting, sections, security, urls
from dashboard.web.core.blueprints import all_pages
from dashboard.web.core.live import fragment_cache
from dashboard.web.helpdesks import (
    connection_agents,
    connection_list,
    connection_setup,
    connection_text,
    connections,
)
from dashboard.web.inboxes import hours, inboxes, own_values, teams
from dashboard.web.policies import assignment_policies, capacity_policies
from dashboard.web.reports import reports
from dashboard.web.trust import trust
from dashboard.web.webhooks import webhooks

CONNECTIONS = (connection_list, connection_setup, connection_agents, connections)
ALERTS = (alerts, alert_rules, alert_channels)
SETTINGS = (audit_log, account_page, users, tokens, webhooks, labels, passwords)
NOUNS = (
    sessions,
    memberships,
    invitations,
    live_board,
    runs,
    run_list,
    reports,
    trust,
    conversation_page,
    conversation_list,
    inboxes,
    agent_page,
    agent_list,
    assignments,
    assignment_policies,
    capacity_policies,
    teams,
    *ALERTS,
    *CONNECTIONS,
    *SETTINGS,
)

CONCERNS = (
    bidi,
    security,
    auth,
    sections,
    urls,
    assets,
    formatting,
    verdict_text,
    connection_text,
    errors,
    fragment_cache,
    edit_forms,
    hours,
    own_values,
)


def register(app: Flask, settings: Settings) -> None:
    """Add the pages, their authentication, and the headers of every answer."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Htmx(app)
    for concern in CONCERNS:
        concern.init_app(app)
    login_throttle.init_app(app, settings)
    app.register_blueprint(all_pages(*(noun.pages for noun in NOUNS)))
