"""The address at which helpdesks' webhooks arrive: its secret, and the signature, are all that admits them (C7)."""

from http import HTTPStatus

from flask import Blueprint, Response, request

from dashboard import clock
from dashboard.api.core.errors import answer
from dashboard.http import unit_of_work
from dashboard.services.helpdesks.hints import hearing
from dashboard.services.helpdesks.hints.hearing import Arrived, HookOutcome

hooks = Blueprint("hooks", __name__)
STATUSES = {
    HookOutcome.STORED: HTTPStatus.OK,
    HookOutcome.PAUSED: HTTPStatus.OK,
    HookOutcome.FORGED: HTTPStatus.UNAUTHORIZED,
    HookOutcome.UNREADABLE: HTTPStatus.BAD_REQUEST,
    HookOutcome.NOBODYS: HTTPStatus.NOT_FOUND,
}
SENTENCES = {
    HookOutcome.FORGED: "The signature is missing, wrong, or older than five minutes.",
    HookOutcome.UNREADABLE: "The body is no webhook: it must be a JSON object with an event.",
}


@hooks.post("/hooks/<id:connection_id>/<secret>")
def hear(connection_id: int, secret: str) -> Response:
    """Store the hint of a webhook, and answer at once; a job reads its conversation."""
    headers = {name.lower(): value for name, value in request.headers}
    arrived = Arrived(headers=headers, body=request.get_data())
    work = unit_of_work()
    outcome = hearing.hear(work, connection_id, secret, arrived, now=clock.now())
    work.finish()
    status = STATUSES[outcome]
    return Response(status=status) if status is HTTPStatus.OK else answer(status, SENTENCES.get(outcome))
