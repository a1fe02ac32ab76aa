"""The REST API: HTTP in, JSON out, one module per resource."""

from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import Flask
from flask_smorest import Api
from marshmallow import Schema, fields

from dashboard.api.accounts import accounts, invitations, tokens
from dashboard.api.agents import agents
from dashboard.api.alerts import alert_channels, alert_rules, alerts
from dashboard.api.assignment import assignments, runs
from dashboard.api.audit import audit_log
from dashboard.api.board import board
from dashboard.api.conversations import contacts, conversations, labels
from dashboard.api.core import errors, rate_limit, resources
from dashboard.api.core.docs_page import docs
from dashboard.api.explanations import explanations
from dashboard.api.helpdesks import connections, directory, history
from dashboard.api.helpdesks.hooks import hooks
from dashboard.api.inboxes import inboxes, members, teams
from dashboard.api.operations.operations import operations
from dashboard.api.policies import assignment_policies, capacity_limits, capacity_policies, previews
from dashboard.api.trust import trust
from dashboard.api.webhooks import webhooks
from dashboard.config import Settings
from dashboard.services.core.form import Form
from dashboard.services.core.form_fields import RANGE, Instant

TITLE = "Evenhand's REST API"
DESCRIPTION = (
    "Set up accounts, bring conversations in, run the assignment and ask why. "
    "An address means the same with a slash at its end."
)
OPENAPI = {
    "API_TITLE": TITLE,
    "API_VERSION": "1",
    "OPENAPI_VERSION": "3.0.3",
    "OPENAPI_URL_PREFIX": "/api",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": DESCRIPTION},
        "security": [{"bearer": []}, {"header": []}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "header": {"type": "apiKey", "in": "header", "name": "api-access-token"},
            }
        },
    },
}
NOUNS = (
    accounts.bp,
    agents.bp,
    invitations.bp,
    tokens.bp,
    inboxes.bp,
    members.bp,
    teams.bp,
    labels.bp,
    assignment_policies.bp,
    capacity_policies.bp,
    capacity_limits.bp,
    contacts.bp,
    conversations.bp,
    assignments.bp,
    explanations.bp,
    runs.bp,
    board.bp,
    previews.bp,
    webhooks.bp,
    alert_channels.bp,
    alert_rules.bp,
    alerts.bp,
    connections.bp,
    directory.bp,
    history.bp,
    audit_log.bp,
    trust.bp,
)


class ErrorSchema(Schema):
    """The body of an error answer; `errors` comes only with 422."""

    error = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class Documented(Api):
    """Documents error answers in the API's own shape; errors.py sends them."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        """Register none: flask-smorest's handlers would also catch the pages' errors."""

    def _register_etag_headers(self) -> None:
        """Document no ETag on every answer: etags.py documents the views that send one."""

    def _register_pagination_header(self) -> None:
        """Document no header: the body contains the page's numbers."""


def register(app: Flask, settings: Settings) -> None:
    """Add the API to the application."""
    app.config.update(OPENAPI)
    resources.add_converters(app)
    errors.register(app)
    rate_limit.register(app, settings)
    marshmallow = MarshmallowPlugin(schema_name_resolver=_name)
    api = Documented(app, spec_kwargs={"marshmallow_plugin": marshmallow})
    assert marshmallow.converter is not None
    marshmallow.converter.add_attribute_function(_range_of)  # type: ignore[no-untyped-call]
    api.register_converter(resources.IdConverter, lambda _: {"type": "integer", "format": "int64", "minimum": 1})
    api.register_converter(resources.ExternalIdConverter, lambda _: {"type": "string", "minLength": 1})
    api.register_field(Instant, "string", "date-time")
    for noun in NOUNS:
        api.register_blueprint(noun)
    app.register_blueprint(operations)
    app.register_blueprint(hooks)
    app.register_blueprint(docs)


def _range_of(_converter: object, field: fields.Field[Any], **_: object) -> dict[str, str]:
    """Document the range of instants that a request may contain."""
    taken = isinstance(field, Instant) and isinstance(field.root, Form)
    return {"description": f"An instant {RANGE}."} if taken else {}


def _name(schema: Any) -> str:
    """Return the schema's name in the document.

    A form becomes "...Body", or "...Change" if all of its fields are optional.
    """
    instance = resolve_schema_instance(schema)
    name = type(instance).__name__
    if not name.endswith("Form"):
        return name.removesuffix("Schema")
    return f"{name[:-4]}Change" if instance.partial else f"{name[:-4]}Body"
