"""Runs of the engine over an inbox."""

from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, fields

from dashboard.api.core.auth import SUPERVISORS, allowed, caller
from dashboard.api.core.idempotency import idempotent
from dashboard.api.core.resources import ApiBlueprint, PageQuery, listing, or_refuse
from dashboard.http import rest, unit_of_work
from dashboard.services.assignment import run as assignment_run
from dashboard.services.assignment import runs as service
from dashboard.services.assignment.runs import RunRow
from dashboard.services.core.form import Form
from dashboard.services.core.form_fields import Instant
from dashboard.store.core.paging import Listed, Page

bp = ApiBlueprint("assignment_runs", "Runs: one pass of the engine over one inbox.")


class GivenSchema(Schema):
    """One assignment of a run; positions count from 1."""

    conversation_id = fields.Integer()
    agent_id = fields.Integer()
    position = fields.Integer()


class RunSchema(Schema):
    """A run with all its batches; while it is unfinished, `finished_at` and `outcome` are null."""

    id = fields.Integer()
    inbox_id = fields.Integer()
    source = fields.String()
    started_at = Instant()
    finished_at = Instant(allow_none=True)
    outcome = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    waiting_before = fields.Integer(allow_none=True)
    assigned_count = fields.Integer()
    left_waiting = fields.Dict(keys=fields.String(), values=fields.Integer())
    assignments = fields.List(fields.Nested(GivenSchema))


class QueuedSchema(Schema):
    """A run that is queued."""

    job_id = fields.String()
    status = fields.String()


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Whether to wait for the run."""

    wait: bool = False


class PatienceQuery(Form):
    """Whether to wait for the run, 10 s at most."""

    makes = Patience
    wait = fields.Boolean()


class NothingForm(Form):
    """An empty body."""

    makes = dict


@bp.route("/inboxes/<id:inbox_id>/assignment_runs", methods=["POST"])
@allowed(SUPERVISORS)
@bp.arguments(PatienceQuery, location="query")
@idempotent
@bp.arguments(NothingForm, required=False)
@bp.response(202, QueuedSchema)
@bp.alt_response(200, schema=RunSchema, success=True)
def create(patience: Patience, _: dict[str, Any], inbox_id: int) -> dict[str, str] | Response:
    """Run the assignment over an inbox now: 202 with the job, or with `wait=true` 200 with the run."""
    who = caller()
    job_id = or_refuse(assignment_run.request_run(unit_of_work(), who.account_id, inbox_id, actor_id=who.user_id))
    run = service.wait_for(unit_of_work(), who.account_id, job_id, rest=rest) if patience.wait else None
    return jsonify(RunSchema().dump(run)) if run else {"job_id": job_id, "status": "queued"}


@bp.route("/inboxes/<id:inbox_id>/assignment_runs")
@allowed(SUPERVISORS)
@bp.arguments(PageQuery, location="query")
@bp.response(200, listing(RunSchema))
def index(page: Page, inbox_id: int) -> Listed[RunRow]:
    """List the runs of an inbox, newest first."""
    return or_refuse(service.show_all(unit_of_work(), caller().account_id, inbox_id, page))


@bp.route("/assignment_runs/<id:run_id>")
@allowed(SUPERVISORS)
@bp.response(200, RunSchema)
def show(run_id: int) -> RunRow:
    """Read a run."""
    return or_refuse(service.show(unit_of_work(), caller().account_id, run_id))
