"""Operations: /up, /ready and /metrics."""

import hmac
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, jsonify
from prometheus_client import CONTENT_TYPE_LATEST

from dashboard.api.core.auth import presented_token
from dashboard.api.core.errors import answer
from dashboard.api.operations.prometheus import exposition
from dashboard.http import unit_of_work
from dashboard.services.core.unit_of_work import UnitOfWork
from dashboard.services.operations import health as service
from dashboard.services.operations.health import Readiness

T = TypeVar("T")
# Timeout of each store's check; the two run at once.
ANSWER_SECONDS = 1.5

operations = Blueprint("operations", __name__)


@operations.get("/up")
def up() -> Response:
    """Return 200 while this process serves requests."""
    return jsonify(up=True)


@operations.get("/ready")
def ready() -> Response:
    """Return the state of each part: 200 if all are ready, else 503."""
    postgres = _asked(service.postgres_takes_writes)
    background = _asked(service.background)
    takes_writes, doing = _answer_of(postgres), _answer_of(background)
    readiness = Readiness(
        postgres=bool(takes_writes),
        redis=doing is not None,
        workers=doing.workers if doing else 0,
        scheduler=doing.scheduler if doing else False,
    )
    response = jsonify(readiness)
    response.status_code = 200 if readiness.complete else 503
    return response


@operations.get("/metrics")
def metrics() -> Response:
    """Return the metrics in Prometheus's format."""
    wanted = unit_of_work().settings.metrics_token
    if wanted and not hmac.compare_digest(wanted.encode(), presented_token().encode()):
        return answer(401)
    work = unit_of_work()
    figures = exposition(service.figures(work), service.background(work), service.helpdesk_calls(work))
    return Response(figures, content_type=CONTENT_TYPE_LATEST)


def _asked(ask: Callable[[UnitOfWork], T]) -> SimpleQueue[T]:
    """Run a check in a thread with a unit of work of its own, so that a store that hangs does not delay the answer."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    said: SimpleQueue[T] = SimpleQueue()

    def listen() -> None:
        with app.app_context():
            said.put(ask(unit_of_work()))

    Thread(target=listen, daemon=True).start()
    return said


def _answer_of(said: SimpleQueue[T]) -> T | None:
    try:
        return said.get(timeout=ANSWER_SECONDS)
    except Empty:
        return None
