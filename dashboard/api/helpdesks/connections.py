"""Connections to helpdesks: set up by administrators, read by supervisors; no answer has credentials (C22)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, post_load

from dashboard import clock, http
from dashboard.api.core.auth import ADMINISTRATORS, SUPERVISORS, allowed, caller
from dashboard.api.core.etags import Tagged
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.helpdesks.values import Check, HelpdeskKind, NoteSetting
from dashboard.http import unit_of_work
from dashboard.services.core.form_fields import Instant, Word
from dashboard.services.helpdesks.connecting import checks as checking
from dashboard.services.helpdesks.connecting import connections as service
from dashboard.services.helpdesks.connecting import disconnection, reports
from dashboard.services.helpdesks.connecting.connection_forms import (
    ConnectionChange,
    ConnectionChangeForm,
    ConnectionEdit,
    ConnectionForm,
    Removal,
)
from dashboard.services.helpdesks.connecting.connections import ConnectionRow
from dashboard.store.core.paging import Listed, Page
from dashboard.store.helpdesks.pages.page import Lag
from dashboard.store.models.connections import ConnectionState
from dashboard.store.postgres.bulk import json_row

bp = ApiBlueprint("connections", "Helpdesks that Evenhand works beside.")
CONNECTION = Tagged("name", "paused", "note", "keep_names", "quiet_seconds", "calls_per_second")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnectionAnswer(ConnectionRow):
    """A new connection, with the address for the helpdesk's webhooks."""

    webhook_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionDetail(ConnectionRow):
    """A connection with its figures."""

    lag: Lag
    repairs: int
    oldest_reading_at: datetime | None


class ConnectionSchema(Schema):
    """A connection, without its credentials; `sentence` explains `state`."""

    id = fields.Integer()
    kind = Word(HelpdeskKind)
    name = fields.String()
    url = fields.String()
    state = Word(ConnectionState)
    sentence = fields.String()
    since = Instant(attribute="state_since")
    paused = fields.Boolean()
    note = Word(NoteSetting)
    keep_names = fields.Boolean()
    quiet_seconds = fields.Integer()
    calls_per_second = fields.Integer()
    version = fields.String(allow_none=True)
    last_webhook_at = Instant(allow_none=True)
    created_at = Instant()


class NewConnectionSchema(ConnectionSchema):
    """A new connection; only this answer has the address for the helpdesk's webhooks, which is secret."""

    webhook_url = fields.String(allow_none=True)


class PercentilesSchema(Schema):
    """The median and the 95th percentile, in seconds."""

    p50 = fields.Float()
    p95 = fields.Float()


class LagSchema(Schema):
    """From the beginning of the wait to the decision, to the write, and to its confirmation; the last 24 hours."""

    decided = fields.Nested(PercentilesSchema, allow_none=True)
    written = fields.Nested(PercentilesSchema, allow_none=True)
    confirmed = fields.Nested(PercentilesSchema, allow_none=True)


class ConnectionDetailSchema(ConnectionSchema):
    """A connection with its figures; `repairs` counts those of the last hour."""

    lag = fields.Nested(LagSchema)
    repairs = fields.Integer()
    oldest_reading_at = Instant(allow_none=True)


class CheckSchema(Schema):
    """A check: its finding, and its remedy unless it is ok."""

    check = fields.String()
    ok = fields.Boolean()
    sentence = fields.String()
    fix = fields.String(allow_none=True)


class ChecksSchema(Schema):
    """The checks of a connection."""

    checks = fields.List(fields.Nested(CheckSchema))


class RemovalQuery(Schema):
    """The choice to keep the helpdesk's inboxes and conversations; they stay unless `keep` is false."""

    keep = fields.Boolean(truthy={"true"}, falsy={"false"}, load_default=True)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Removal:
        return Removal(**data)


@bp.route("/connections")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(ConnectionSchema))
def index(page: Page) -> Listed[ConnectionRow]:
    """List the connections to helpdesks."""
    return service.show_all(unit_of_work(), caller().account_id, page)


@bp.route("/connections", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.arguments(ConnectionForm)
@bp.response(201, NewConnectionSchema)
@CONNECTION
def create(edit: ConnectionEdit) -> NewConnectionAnswer:
    """Connect a helpdesk; only this answer has the secret address for its webhooks."""
    who, work = caller(), unit_of_work()
    row = or_refuse(service.create(work, who.account_id, edit, actor_id=who.user_id, now=clock.now()))
    return NewConnectionAnswer(**_facts(row), webhook_url=service.webhook_url(work, row, base=http.own_address()))


@bp.route("/connections/<id:connection_id>")
@allowed(SUPERVISORS)
@bp.response(200, ConnectionDetailSchema)
@CONNECTION
def show(connection_id: int) -> ConnectionDetail:
    """Read a connection with its figures."""
    found = or_refuse(reports.show(unit_of_work(), caller().account_id, connection_id, now=clock.now()))
    report = found.report
    return ConnectionDetail(
        **_facts(found.row), lag=report.lag, repairs=report.repairs, oldest_reading_at=report.oldest_reading_at
    )


@bp.route("/connections/<id:connection_id>", methods=["PATCH", "PUT"])
@allowed(ADMINISTRATORS)
@bp.arguments(ConnectionChangeForm(partial=True))
@bp.response(200, ConnectionSchema)
@CONNECTION
def change(edit: ConnectionChange, connection_id: int) -> ConnectionRow:
    """Change, pause or resume a connection; credentials replace all former ones."""
    who, work, now = caller(), unit_of_work(), clock.now()
    return or_refuse(
        service.change(work, who.account_id, connection_id, edit, actor_id=who.user_id, now=now, seen=CONNECTION.seen())
    )


@bp.route("/connections/<id:connection_id>", methods=["DELETE"])
@allowed(ADMINISTRATORS)
@bp.arguments(RemovalQuery, location="query")
@bp.response(204)
def remove(removal: Removal, connection_id: int) -> None:
    """Disconnect a helpdesk: switches are put back, the webhook and all credentials are removed."""
    who, work = caller(), unit_of_work()
    done = disconnection.remove(
        work, who.account_id, connection_id, keep=removal.keep, actor_id=who.user_id, now=clock.now()
    )
    or_refuse(done)


@bp.route("/connections/<id:connection_id>/checks", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.response(200, ChecksSchema)
def check(connection_id: int) -> dict[str, list[Check]]:
    """Check a connection: address, version, clock, rights, webhook; each failed check has a remedy."""
    found = checking.run(unit_of_work(), caller().account_id, connection_id, base=http.own_address(), clock=clock.now)
    return {"checks": list(or_refuse(found))}


@bp.route("/connections/<id:connection_id>/sync", methods=["POST"])
@allowed(ADMINISTRATORS)
@bp.response(202, ConnectionSchema)
def sync(connection_id: int) -> ConnectionRow:
    """Read everything of the helpdesk again, as soon as a worker can."""
    who = caller()
    return or_refuse(service.sync(unit_of_work(), who.account_id, connection_id, actor_id=who.user_id, now=clock.now()))


def _facts(row: ConnectionRow) -> dict[str, Any]:
    return dict(json_row(row))
